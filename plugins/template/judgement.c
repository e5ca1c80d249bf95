/*
 * judgement.c - judgement.h: what was found, why it matters, and what to do.
 */
#include "judgement.h"

#include <stdio.h>
#include <stdlib.h>

/* A number and nothing behind it but blanks; -1: it is none. */
static double number(const char *text)
{
	char *end = NULL;
	double value = strtod(text, &end);

	return end == text || (*end != '\0' && *end != ' ') || value < 0 ? -1 : value;
}

void judge_load(const char *loadavg, const char *limit, struct judgement *ret)
{
	double most = number(limit);

	ret->remedy = NULL;
	ret->load = number(loadavg);
	if (ret->load < 0 || most < 0) {
		ret->verdict = PF_ERROR;
		ret->code = "load.unreadable";
		ret->remedy = "see that limit is a number, like 8.0";
		(void)snprintf(ret->text, sizeof(ret->text), "%s is no number: %.100s",
			       most < 0 ? "limit" : "the load", most < 0 ? limit : loadavg);
	} else if (ret->load > most) {
		ret->verdict = PF_BUSY;
		ret->code = "load.high";
		ret->remedy = "wait until the host has less to do, or raise limit";
		(void)snprintf(ret->text, sizeof(ret->text),
			       "the load is %.2f, more than %.2f: services would come up slowly",
			       ret->load, most);
	} else {
		ret->verdict = PF_COMPATIBLE;
		ret->code = "load.fine";
		(void)snprintf(ret->text, sizeof(ret->text), "the load is %.2f, at most %.2f",
			       ret->load, most);
	}
}
