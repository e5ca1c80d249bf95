/*
 * forged-code.c - uses a code that is the host's own.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	(void)h->finding(h, PF_SKIP, "plugin.disabled", "as if it were the host", NULL);
	return h->finding(h, PF_COMPATIBLE, "forged.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "forged-code", .version = "1", .summary = "a test", .check = check);
