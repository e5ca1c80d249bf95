/*
 * exit-silently.c - ends the process with 1, as a check that means "needed" would.
 */
#include <banger/preflight.h>
#include <unistd.h>

static int check(const struct pf_host *h)
{
	(void)h;
	_exit(1);
}

PF_PLUGIN(.name = "exit-silently", .version = "1", .summary = "a test", .check = check);
