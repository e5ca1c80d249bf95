/*
 * careless.c - well behaved, but exports more than it should, has an option without help, and one
 * whose key is as long as a key may be.
 */
#include <banger/preflight.h>

extern PF_EXPORT int careless_stray(void);

int careless_stray(void)
{
	return 0;
}

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "careless.fine", "all is well", NULL);
}

#define TEN "tenletters"

static const struct pf_option options[] = {
	{"mute", "\033[2J", NULL},
	{TEN TEN TEN TEN TEN TEN "four", "", "the longest key"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "careless", .version = "1.2", .summary = "a test", .options = options,
	  .check = check);
