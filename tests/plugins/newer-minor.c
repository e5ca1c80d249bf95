/*
 * newer-minor.c - needs a newer minor than there is.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "minor.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "newer-minor", .version = "1", .summary = "a test", .min_minor = PF_ABI_MINOR + 1,
	  .check = check);
