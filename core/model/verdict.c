/*
 * verdict.c - the table of verdicts: value, word, exit code.
 */
#include "model/verdict.h"

#include <stddef.h>

const struct verdict_word verdict_words[] = {
	{VERDICT_SKIP, "skip", 0},     {VERDICT_COMPATIBLE, "compatible", 0},
	{VERDICT_NEEDED, "needed", 1}, {VERDICT_BUSY, "busy", 75},
	{VERDICT_ERROR, "error", 3},   {VERDICT_INCOMPATIBLE, "incompatible", 2},
	{VERDICT_SKIP, NULL, 0},
};

/* The row of a verdict; what is not one reads as an error. */
static const struct verdict_word *row_of(int32_t value)
{
	const struct verdict_word *error = NULL;

	for (const struct verdict_word *row = verdict_words; row->word != NULL; row++) {
		if ((int32_t)row->verdict == value) {
			return row;
		}
		if (row->verdict == VERDICT_ERROR) {
			error = row;
		}
	}
	return error;
}

bool verdict_is_valid(int32_t value)
{
	return (int32_t)row_of(value)->verdict == value;
}

const char *verdict_word(enum verdict verdict)
{
	return row_of((int32_t)verdict)->word;
}

int verdict_exit_code(enum verdict verdict)
{
	return row_of((int32_t)verdict)->exit_code;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	enum verdict left = row_of((int32_t)a)->verdict;
	enum verdict right = row_of((int32_t)b)->verdict;

	return left > right ? left : right;
}

bool verdict_allows(enum verdict verdict)
{
	return verdict == VERDICT_SKIP || verdict == VERDICT_COMPATIBLE ||
	       verdict == VERDICT_NEEDED;
}
