/*
 * linger.c - leaves processes behind, in its group and out of it, that hold its pipes.
 */
#include <banger/preflight.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Lives on under a name that the test can look for; gives up by itself if the test fails. */
static void linger(const char *name)
{
	(void)setsid();
	(void)prctl(PR_SET_NAME, name);
	(void)alarm(60);
	for (;;) {
		(void)pause();
	}
}

static int check(const struct pf_host *h)
{
	pid_t child = fork();

	if (child == 0) {
		if (fork() == 0) {
			linger(h->config(h, "marker"));
		}
		(void)prctl(PR_SET_NAME, h->config(h, "marker"));
		(void)alarm(60);
		(void)pause();
		_exit(0);
	}
	return h->finding(h, PF_COMPATIBLE, "linger.fine", "all is well", NULL);
}

static const struct pf_option options[] = {
	{"marker", NULL, "what the processes that stay behind are called"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "linger", .version = "1", .summary = "a test", .options = options,
	  .check = check);
