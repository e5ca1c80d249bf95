/*
 * file_case.c - file_case.h.
 */
#include "file_case.h"

#include <criterion/criterion.h>
#include <grp.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORDINARY_USER 65534

struct scratch file_case_make(void)
{
	struct scratch scratch = scratch_make();

	cr_assert_eq(chmod(scratch.path, 0755), 0);
	return scratch;
}

int as_ordinary_user(int (*body)(const char *path), const char *path)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		bool dropped = geteuid() != 0 ||
			       (setgroups(0, NULL) == 0 &&
				setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) == 0 &&
				setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) == 0);
		_exit(dropped ? -body(path) : 255);
	}
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return -WEXITSTATUS(status);
}
