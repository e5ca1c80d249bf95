/*
 * verdict-zero.c - makes a finding without a verdict, ignores that it is refused, and passes.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	(void)h->finding(h, 0, "zero.verdict", "forgot to decide", NULL);
	return h->finding(h, PF_COMPATIBLE, "zero.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "verdict-zero", .version = "1", .summary = "a test", .check = check);
