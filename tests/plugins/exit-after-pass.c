/*
 * exit-after-pass.c - passes, then ends the process with success.
 */
#include <banger/preflight.h>
#include <stdlib.h>

static int check(const struct pf_host *h)
{
	(void)h->finding(h, PF_COMPATIBLE, "exit.fine", "all is well", NULL);
	exit(EXIT_SUCCESS);
}

PF_PLUGIN(.name = "exit-after-pass", .version = "1", .summary = "a test", .check = check);
