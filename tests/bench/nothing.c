/*
 * nothing.c - a plugin that says it is well and does nothing else. tests/bench/run makes many of
 * it: its name, also in the copy's bytes, is counted up.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "nothing", "nothing to do", NULL);
}

PF_PLUGIN(.name = "nothing-0000", .version = "1", .summary = "a measurement", .check = check);
