/*
 * judgement.h - what a plugin's pure logic gives back: one finding, not yet reported.
 */
#ifndef SUPPORT_JUDGEMENT_H
#define SUPPORT_JUDGEMENT_H

#include <banger/preflight.h>

#include "base/error.h"

struct judgement {
	pf_verdict verdict; /* 0: nothing to report */
	const char *code;   /* literals, both */
	const char *remedy; /* NULL: nothing to do */
	struct error sentence;
};

/* Fills *ret; the sentence is formatted like printf. */
void judgement_set(struct judgement *ret, pf_verdict verdict, const char *code, const char *remedy,
		   const char *format, ...) PRINTF_LIKE(5, 6);

/* Reports it as a finding; what finding() says. */
MUST_CHECK int judgement_report(const struct pf_host *h, const struct judgement *judgement);

#endif
