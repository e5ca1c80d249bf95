/*
 * too-many.c - makes one finding more than it may.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	for (unsigned i = 0; i <= PF_MAX_FINDINGS; i++) {
		(void)h->finding(h, PF_COMPATIBLE, "many.fine", "all is well", NULL);
	}
	return 0;
}

PF_PLUGIN(.name = "too-many", .version = "1", .summary = "a test", .check = check);
