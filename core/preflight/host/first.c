/*
 * first.c - first.h: fork(2) once, then wait(2).
 */
#include "preflight/host/first.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Orphans of the plugin come to us, too. */
__attribute__((noreturn)) static void end_as(pid_t child)
{
	int status = 0;
	pid_t ended = 0;

	do {
		ended = waitpid(-1, &status, 0);
	} while (ended != child && (ended > 0 || errno == EINTR));
	_exit(WIFSIGNALED(status) ? FIRST_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status));
}

int first_stay_behind(struct error *err)
{
	if (getpid() != 1) {
		return 0;
	}
	pid_t child = fork();

	if (child < 0) {
		return error_set(err, -errno, "cannot start a process for the plugin: %s",
				 strerror(errno));
	}
	if (child > 0) {
		end_as(child);
	}
	return 0;
}
