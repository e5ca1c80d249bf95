/*
 * fuzz.c - fuzz_answer(): any answer will do, as long as it is one.
 */
#include "fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

static bool was_accepted;

bool fuzz_accepted(void)
{
	return was_accepted;
}

void fuzz_answer(int rc, const struct error *err)
{
	must(rc <= 0);
	if (rc < 0) {
		must(err->code == rc);
		must(err->text[0] != '\0');
		must(memchr(err->text, '\0', ERROR_TEXT_MAX) != NULL);
	}
	was_accepted = rc == 0;
}
