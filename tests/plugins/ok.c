/*
 * ok.c - does everything right.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	const char *version = h->subject(h, "version.to");

	pf_logf(h, PF_LOG_INFO, "looked at %s", version != NULL ? version : "nothing");
	(void)h->fact_i64(h, "answer", 42);
	(void)h->fact_str(h, "version", version != NULL ? version : "");
	(void)h->fact_str(h, "quoted", "a \"b\" \\ c\nd");
	return h->finding(h, PF_COMPATIBLE, "ok.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "ok", .version = "1", .summary = "a test", .check = check);
