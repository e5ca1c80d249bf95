/*
 * linger.c - leaves processes behind, in its group and out of it, that hold its pipes.
 */
#include <banger/preflight.h>
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Lives on under a name that the test can look for; gives up by itself if the test fails. */
static void linger(const char *name, int ready)
{
	(void)prctl(PR_SET_NAME, name);
	(void)alarm(60);
	(void)!write(ready, "r", 1);
	for (;;) {
		(void)pause();
	}
}

static void fork_both(const char *name, int ready)
{
	if (fork() == 0) {
		linger(name, ready);
	}
	if (fork() == 0) {
		(void)setsid();
		linger(name, ready);
	}
}

static int check(const struct pf_host *h)
{
	int ready[2];
	char seen[2];

	if (pipe(ready) < 0) {
		return -errno;
	}
	fork_both(h->config(h, "marker"), ready[1]);
	for (size_t i = 0; i < sizeof(seen); i++) {
		if (read(ready[0], &seen[i], 1) != 1) {
			return -EIO;
		}
	}
	return h->finding(h, PF_COMPATIBLE, "linger.fine", "all is well", NULL);
}

static const struct pf_option options[] = {
	{"marker", NULL, "what the processes that stay behind are called"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "linger", .version = "1", .summary = "a test", .options = options,
	  .check = check);
