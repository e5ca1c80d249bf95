/*
 * suggest.c - what a person probably meant by a word that does not exist.
 *
 * A near word is one within two edits (Levenshtein) that are less than half of it.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "config/keys.h"

#define EDITS_MAX 2u

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* The edits that make b out of a; SIZE_MAX for words no key is as long as. */
static size_t edits(const char *a, const char *b)
{
	size_t row[LIMIT_CONFIG_KEY + 1];
	size_t length = strlen(b);

	if (length > LIMIT_CONFIG_KEY) {
		return SIZE_MAX;
	}
	for (size_t i = 0; i <= length; i++) {
		row[i] = i;
	}
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t replaced = corner + (a[i] == b[j] ? 0 : 1);

			corner = row[j + 1];
			row[j + 1] = smallest(replaced, row[j] + 1, corner + 1);
		}
	}
	return row[length];
}

static bool is_near(const char *word, const char *candidate)
{
	size_t distance = edits(word, candidate);

	return distance <= EDITS_MAX && distance * 2 < strlen(candidate);
}

static int no_memory_or(int rc)
{
	return rc < 0 ? -ENOMEM : 0;
}

int key_suggest(enum section_kind kind, const char *name, struct buffer *hint)
{
	const char *separator = "its keys are ";
	int rc = 0;

	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		if (row->kind == kind && is_near(name, row->name)) {
			return no_memory_or(
				buffer_add_format(hint, "did you mean '%s'?", row->name));
		}
	}
	for (const struct key_row *row = key_rows; row->name != NULL && rc == 0; row++) {
		if (row->kind == kind) {
			rc = buffer_add_format(hint, "%s%s", separator, row->name);
			separator = ", ";
		}
	}
	return no_memory_or(rc);
}

static int add_section(struct buffer *hint, const char *before, const struct section_row *row,
		       const char *after)
{
	return buffer_add_format(hint, "%s[%s%s]%s", before, row->word,
				 row->letters == NULL ? "" : " NAME", after);
}

int section_suggest(const char *word, struct buffer *hint)
{
	int rc = 0;

	for (size_t i = 0; i < SECTION_KINDS; i++) {
		if (is_near(word, section_rows[i].word)) {
			return no_memory_or(
				add_section(hint, "did you mean ", &section_rows[i], "?"));
		}
	}
	for (size_t i = 0; i < SECTION_KINDS && rc == 0; i++) {
		rc = add_section(hint, i == 0 ? "there are " : ", ", &section_rows[i], "");
	}
	return no_memory_or(rc);
}
