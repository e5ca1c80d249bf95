/*
 * needy.c - says that no host older than its header will do.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "needy.fine", "the host is new enough", NULL);
}

PF_PLUGIN(.name = "needy", .version = "1", .summary = "a test", .min_minor = PF_ABI_MINOR,
	  .check = check);
