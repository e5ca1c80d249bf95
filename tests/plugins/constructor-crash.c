/*
 * constructor-crash.c - crashes while it is loaded.
 */
#include <banger/preflight.h>
#include <signal.h>

__attribute__((constructor)) static void crash(void)
{
	(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGSEGV);
}

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "constructor.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "constructor-crash", .version = "1", .summary = "a test", .check = check);
