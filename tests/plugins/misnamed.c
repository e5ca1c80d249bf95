/*
 * misnamed.c - calls itself something else than its file.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "name.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "something-else", .version = "1", .summary = "a test", .check = check);
