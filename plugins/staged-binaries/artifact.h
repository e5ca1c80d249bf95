/*
 * artifact.h - can one staged file be run on this host, and is it of the expected version?
 */
#ifndef STAGED_ARTIFACT_H
#define STAGED_ARTIFACT_H

#include <banger/preflight.h>

#include "base/error.h"
#include "program.h"

/* What is wrong with an artifact; verdict 0: nothing. */
struct problem {
	pf_verdict verdict;
	const char *code;
	const char *remedy;
	struct error sentence;
};

struct artifact_check {
	const char *name;
	const char *path;    /* staged */
	const char *version; /* that --version must name; NULL: it is not asked */
	const struct machine *own;
	uint64_t timeout_ms; /* of each program that is run */
};

void artifact_check(const struct artifact_check *check, struct problem *ret);

/* The first line that a person would read, of output or else errors; inside one of them, which it
 * cuts. */
const char *artifact_first_line(char *output, char *errors);

#endif
