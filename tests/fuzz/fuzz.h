/*
 * fuzz.h - what a fuzz target tells about one input, and what must hold for every one.
 *
 * A target is one file with LLVMFuzzerTestOneInput(). It is built twice: with libFuzzer behind it
 * (preset fuzz), which makes up inputs, and with replay.c, an ordinary test over tests/fuzz/corpus.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

/* One input; bytes end where length says. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/*
 * The parser's answer to this input, once for each: 0, or a negative errno value that *err repeats
 * with a sentence.
 */
void fuzz_answer(int rc, const struct error *err);

/* Was the last answer 0? For replay.c. */
bool fuzz_accepted(void);

/* Ends the program, which is a finding. */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__,        \
				      #condition);                                                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
