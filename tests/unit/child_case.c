/*
 * child_case.c - child_case.h.
 */
#include "child_case.h"

#include <criterion/criterion.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int child_run(int (*body)(const void *argument), const void *argument)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		/* Not _exit(3), before which LeakSanitizer does what the child may not any more. */
		(void)syscall(SYS_exit_group, (long)body(argument));
	}
	cr_assert_gt(pid, 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? CHILD_KILLED(WTERMSIG(status)) : WEXITSTATUS(status);
}
