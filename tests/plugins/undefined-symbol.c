/*
 * undefined-symbol.c - calls a function that does not exist.
 */
#include <banger/preflight.h>

int nobody_defines_this(void);

static int check(const struct pf_host *h)
{
	(void)h->finding(h, PF_COMPATIBLE, "undefined.fine", "all is well", NULL);
	return nobody_defines_this();
}

PF_PLUGIN(.name = "undefined-symbol", .version = "1", .summary = "a test", .check = check);
