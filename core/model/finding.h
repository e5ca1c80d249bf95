/*
 * finding.h - one thing a check found: a verdict, a stable code, a sentence and a remedy.
 */
#ifndef MODEL_FINDING_H
#define MODEL_FINDING_H

#include <stddef.h>

#include "base/error.h"
#include "model/verdict.h"

struct finding {
	enum verdict verdict;
	char *code;   /* stable, like "schema.unknown" */
	char *text;   /* what was found and why it matters */
	char *remedy; /* what to do; may be NULL */
};

struct findings {
	struct finding *items;
	size_t count;
};
#define auto_findings __attribute__((cleanup(findings_finish)))

void findings_finish(struct findings *list);

/* Copies its texts. 0 or -ENOMEM. */
MUST_CHECK int findings_add(struct findings *list, enum verdict verdict, const char *code,
			    const char *text, const char *remedy);

/* The worst verdict of the list; VERDICT_ERROR for an empty one: saying nothing is no pass. */
enum verdict findings_verdict(const struct findings *list);

#endif
