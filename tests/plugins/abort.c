/*
 * abort.c - passes, then aborts.
 */
#include <banger/preflight.h>
#include <stdlib.h>

static int check(const struct pf_host *h)
{
	(void)h->finding(h, PF_COMPATIBLE, "abort.before", "said before it aborted", NULL);
	abort();
}

PF_PLUGIN(.name = "abort", .version = "1", .summary = "a test", .check = check);
