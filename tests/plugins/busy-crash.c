/*
 * busy-crash.c - says: not now, then crashes.
 */
#include <banger/preflight.h>
#include <signal.h>

static int check(const struct pf_host *h)
{
	(void)h->finding(h, PF_BUSY, "busy.now", "2 operations are in flight",
			 "wait until they are done");
	/* A sanitizer would catch the signal and turn it into an exit. */
	(void)signal(SIGSEGV, SIG_DFL);
	return raise(SIGSEGV);
}

PF_PLUGIN(.name = "busy-crash", .version = "1", .summary = "a test", .check = check);
