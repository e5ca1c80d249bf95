/*
 * fork-bomb.c - as many processes as it may have, each in a session of its own and deaf to
 * SIGTERM; then it hangs.
 *
 * It is harmless by itself, wherever it runs: no more than PROCESSES, a child never forks, and all
 * are gone after LIFETIME.
 */
#include <banger/preflight.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PROCESSES 300
#define LIFETIME  20u /* seconds */

__attribute__((noreturn)) static void wait_for_the_end(void)
{
	(void)alarm(LIFETIME);
	for (;;) {
		(void)pause();
	}
}

static int check(const struct pf_host *h)
{
	int64_t count = 0;

	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGALRM, SIG_DFL);
	(void)prctl(PR_SET_NAME, h->config(h, "marker"));
	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();

		if (child == 0) {
			(void)setsid();
			wait_for_the_end();
		}
		count += child > 0;
	}
	(void)h->fact_i64(h, "processes", count);
	(void)h->finding(h, PF_COMPATIBLE, "bomb.before", "said before it hung", NULL);
	wait_for_the_end();
}

static const struct pf_option options[] = {
	{"marker", NULL, "what its processes are called"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "fork-bomb", .version = "1", .summary = "a test", .options = options,
	  .check = check);
