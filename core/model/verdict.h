/*
 * verdict.h - what a check concludes. Values are in order of severity, the largest wins, and 0 is
 * not a verdict: forgetting to decide is never a pass. They are part of the plugin ABI.
 */
#ifndef MODEL_VERDICT_H
#define MODEL_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum verdict {
	VERDICT_SKIP = 10,         /* does not apply here, or is not configured */
	VERDICT_COMPATIBLE = 20,   /* go ahead */
	VERDICT_NEEDED = 30,       /* safe to go ahead; something will happen on the way */
	VERDICT_BUSY = 35,         /* not now; can be waived */
	VERDICT_ERROR = 40,        /* could not find out: a refusal */
	VERDICT_INCOMPATIBLE = 50, /* refuse; never waivable */
};

struct verdict_word {
	enum verdict verdict;
	const char *word;
	int exit_code; /* of an asking command */
};

/* The table, ended by a NULL word. */
extern const struct verdict_word verdict_words[];

bool verdict_is_valid(int32_t value);
const char *verdict_word(enum verdict verdict);
int verdict_exit_code(enum verdict verdict);
/* The larger one; what is no verdict counts as an error. */
enum verdict verdict_worse(enum verdict a, enum verdict b);
/* True for skip, compatible and needed. */
bool verdict_allows(enum verdict verdict);

#endif
