/*
 * crash.c - passes, then crashes.
 */
#include <banger/preflight.h>
#include <signal.h>

static int check(const struct pf_host *h)
{
	(void)h->finding(h, PF_COMPATIBLE, "crash.before", "said before the crash", NULL);
	/* A sanitizer would catch the signal and turn it into an exit. */
	(void)signal(SIGSEGV, SIG_DFL);
	return raise(SIGSEGV);
}

PF_PLUGIN(.name = "crash", .version = "1", .summary = "a test", .check = check);
