/*
 * health.c - health.h: what an answer owns, given back.
 */
#include "model/health.h"

#include <stdlib.h>

void health_answer_finish(struct health_answer *answer)
{
	strings_finish(&answer->failed);
	free(answer->text);
	*answer = (struct health_answer){0};
}
