/*
 * busy.c - says: not now.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_BUSY, "busy.now", "2 operations are in flight",
			  "wait until they are done");
}

PF_PLUGIN(.name = "busy", .version = "1", .summary = "a test", .check = check);
