/*
 * fails.c - says that its check failed.
 */
#include <banger/preflight.h>
#include <errno.h>

static int check(const struct pf_host *h)
{
	(void)h->finding(h, PF_COMPATIBLE, "fails.half", "half of it is well", NULL);
	return -EIO;
}

PF_PLUGIN(.name = "fails", .version = "1", .summary = "a test", .check = check);
