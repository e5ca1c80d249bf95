/*
 * optional.c - has options with defaults, and says what it got.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "optional.value", h->config(h, "colour"), NULL);
}

static const struct pf_option options[] = {
	{"colour", "red", "what it says"},
	{"size", "large", "nothing"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "optional", .version = "1", .summary = "a test", .options = options,
	  .check = check);
