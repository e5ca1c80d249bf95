/*
 * required.c - has an option that must be set, and says what it got.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "required.value", h->config(h, "needle"), NULL);
}

static const struct pf_option options[] = {
	{"needle", NULL, "what it says"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "required", .version = "1", .summary = "a test", .options = options,
	  .check = check);
