/*
 * hang.c - passes, then hangs and does not listen to SIGTERM.
 */
#include <banger/preflight.h>
#include <signal.h>
#include <unistd.h>

static int check(const struct pf_host *h)
{
	(void)signal(SIGTERM, SIG_IGN);
	(void)h->finding(h, PF_COMPATIBLE, "hang.before", "said before the hang", NULL);
	while (h->subject(h, "never") == NULL) {
		(void)pause();
	}
	return 0;
}

PF_PLUGIN(.name = "hang", .version = "1", .summary = "a test", .check = check);
