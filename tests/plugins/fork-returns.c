/*
 * fork-returns.c - forks, and its child returns from the check as well.
 */
#include <banger/preflight.h>
#include <sys/wait.h>
#include <unistd.h>

static int check(const struct pf_host *h)
{
	pid_t child = fork();

	if (child == 0) {
		(void)h->finding(h, PF_INCOMPATIBLE, "fork.child", "said by the child", NULL);
		return 0;
	}
	(void)waitpid(child, NULL, 0);
	return h->finding(h, PF_COMPATIBLE, "fork.parent", "said by the parent", NULL);
}

PF_PLUGIN(.name = "fork-returns", .version = "1", .summary = "a test", .check = check);
