/*
 * constructor-exit.c - ends well while it is loaded, before anybody could ask it anything.
 */
#include <banger/preflight.h>
#include <unistd.h>

__attribute__((constructor)) static void leave(void)
{
	_exit(0);
}

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "exit.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "constructor-exit", .version = "1", .summary = "a test", .check = check);
