/*
 * skip.c - has nothing to say about this host.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_SKIP, "skip.here", "this host has none of that", NULL);
}

PF_PLUGIN(.name = "skip", .version = "1", .summary = "a test", .check = check);
