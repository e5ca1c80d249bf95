/*
 * no-finding.c - comes to no conclusion.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	(void)h;
	return 0;
}

PF_PLUGIN(.name = "no-finding", .version = "1", .summary = "a test", .check = check);
