/*
 * spin.c - passes, then computes without end and does not listen to SIGTERM.
 */
#include <banger/preflight.h>
#include <signal.h>

static int check(const struct pf_host *h)
{
	volatile unsigned long turns = 0;

	(void)signal(SIGTERM, SIG_IGN);
	(void)h->finding(h, PF_COMPATIBLE, "spin.before", "said before it spun", NULL);
	while (h->subject(h, "never") == NULL) {
		turns++;
	}
	return 0;
}

PF_PLUGIN(.name = "spin", .version = "1", .summary = "a test", .check = check);
