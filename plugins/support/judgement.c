/*
 * judgement.c - judgement.h: a sentence, bounded like every other.
 */
#include "support/judgement.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void judgement_set(struct judgement *ret, pf_verdict verdict, const char *code, const char *remedy,
		   const char *format, ...)
{
	char text[PF_MAX_TEXT + 1];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*ret = (struct judgement){.verdict = verdict, .code = code, .remedy = remedy};
	/* Cuts the middle, so that the cause at the end survives. */
	(void)error_set(&ret->sentence, -EINVAL, "%s", text);
}

int judgement_report(const struct pf_host *h, const struct judgement *judgement)
{
	return h->finding(h, judgement->verdict, judgement->code, judgement->sentence.text,
			  judgement->remedy);
}
