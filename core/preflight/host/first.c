/*
 * first.c - first.h: a child, then wait(2).
 *
 * The child is vfork(2)'s: it has our memory while we sleep in the kernel until it ends or becomes
 * another program. Nothing of the half-started process is copied for it, which would be a third of
 * all that a plugin costs. Process 1 has nothing of its own that the plugin could spoil: it wakes
 * up to tell how that ended.
 *
 * One thing the libc remembers would be wrong in a child that shares its memory: the number of the
 * thread, by which locks know their owner. The kernel tells where that is kept
 * (PR_GET_TID_ADDRESS); where it does not, the child is fork(2)'s.
 */
#include "preflight/host/first.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
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

/* Where the libc keeps the number of this thread; NULL: nobody knows. */
static pid_t *thread_number(void)
{
	pid_t *number = NULL;

	if (prctl(PR_GET_TID_ADDRESS, &number, 0L, 0L, 0L) < 0 || number == NULL) {
		return NULL;
	}
	return *number == gettid() ? number : NULL;
}

__attribute__((noreturn)) static void be_child(int (*run)(void *data), void *data, pid_t *number)
{
	if (number != NULL) {
		*number = gettid();
	}
	_exit(run(data));
}

/* vfork(2) forbids nearly all in general; what Linux and glibc make of it is said above. */
/* NOLINTBEGIN(clang-analyzer-unix.Vfork,clang-analyzer-security.insecureAPI.vfork) */
static int run_beside(int (*run)(void *data), void *data, struct error *err)
{
	/* The child does not return from here, so this frame stays what it is. */
	pid_t *volatile number = thread_number();
	pid_t child = number != NULL ? vfork() : fork();

	if (child == 0) {
		be_child(run, data, number);
	}
	if (child > 0) {
		end_as(child);
	}
	return error_set(err, -errno, "cannot start a process for the plugin: %s", strerror(errno));
}
/* NOLINTEND(clang-analyzer-unix.Vfork,clang-analyzer-security.insecureAPI.vfork) */

int first_run(int (*run)(void *data), void *data, int *ret, struct error *err)
{
	if (getpid() == 1) {
		return run_beside(run, data, err);
	}
	*ret = run(data);
	return 0;
}
