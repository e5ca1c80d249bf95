/*
 * judgement.h - from text to a verdict. Pure: no file is opened here, so tests need none.
 */
#ifndef JUDGEMENT_H
#define JUDGEMENT_H

#include <banger/preflight.h>

struct judgement {
	pf_verdict verdict;
	const char *code;
	const char *remedy; /* NULL: nothing to do */
	double load;
	char text[200];
};

/* loadavg: what /proc/loadavg says; limit: the option, as text. */
void judge_load(const char *loadavg, const char *limit, struct judgement *ret);

#endif
