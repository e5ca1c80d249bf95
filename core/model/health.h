/*
 * health.h - one answer of the health command. Plain data; service/ asks, the journal keeps what
 * was said before an update.
 */
#ifndef MODEL_HEALTH_H
#define MODEL_HEALTH_H

#include <stdbool.h>

#include "base/text.h"

struct health_answer {
	bool healthy;          /* exit 0 */
	bool complete;         /* it ended by itself, and all it wrote was read: failed is all */
	struct strings failed; /* the NAMEs of its "fail NAME: text" lines */
	char *text;            /* how it ended and what fails, else its last line, for a person */
};
void health_answer_finish(struct health_answer *answer);

#endif
