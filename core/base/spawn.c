/*
 * spawn.c - process.h's process_spawn(): how a child is started.
 *
 * As posix_spawn(3) does it: until its execve(2) the child borrows our memory (CLONE_VM) and we
 * stand still (CLONE_VFORK), so that nothing of an updater that holds much is copied for it. It has
 * a stack of its own, makes plain system calls only, and no handler of ours runs in it. Why it
 * failed, up to and including execve(2), it writes where we can read it.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sanitizer/asan_interface.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"

static const char *const minimal_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C.UTF-8",
	NULL,
};

/* For system calls and little else; a sanitizer's frames are larger. */
#define CHILD_STACK ((size_t)64 * 1024)

/* A hardened build zeroes what is on the stack, which would be much of it for nothing. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define NOT_ZEROED __attribute__((uninitialized))
#else
#define NOT_ZEROED
#endif

/* What the child needs, prepared before it is there. */
struct launch {
	const struct process_options *options;
	int *moved;  /* fd_count descriptors, and behind them 0, 1 and 2 of the child */
	int program; /* exec_fd, out of the way of the others */
	int above;   /* no target descriptor is here or higher */
	int null;
	int failure; /* the child's errno; 0: it got to be the program */
	pid_t parent;
};

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++) {
		(void)signal(number, SIG_DFL);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int source_fd(const struct launch *launch, size_t index)
{
	const struct process_options *options = launch->options;
	int output = options->output_fd > 0 ? options->output_fd : launch->null;

	if (index < options->fd_count) {
		return options->fds[index].ours;
	}
	switch (index - options->fd_count) {
	case STDIN_FILENO:
		return launch->null;
	case STDOUT_FILENO:
		return output;
	default:
		return options->error_fd > 0 ? options->error_fd : output;
	}
}

/* Puts the descriptors where the child expects them, by way of numbers above every target, so that
 * none is overwritten before it was used. */
static int place_descriptors(struct launch *launch)
{
	const struct process_options *options = launch->options;
	size_t count = options->fd_count + 3;

	if (options->by_descriptor) {
		launch->program = fcntl(options->exec_fd, F_DUPFD_CLOEXEC, launch->above);
		if (launch->program < 0) {
			return -1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		launch->moved[i] = fcntl(source_fd(launch, i), F_DUPFD_CLOEXEC, launch->above);
		if (launch->moved[i] < 0) {
			return -1;
		}
	}
	if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0) {
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		int target = i < options->fd_count ? options->fds[i].theirs
						   : (int)(i - options->fd_count);
		if (dup2(launch->moved[i], target) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Process 1 of its namespace: its parent is outside, and has no number in here. */
static bool is_first(void)
{
	return getpid() == 1;
}

static int set_up_child(struct launch *launch)
{
	const struct process_options *options = launch->options;

	bool own_session = options->starts_daemon || options->own_session;

	if (own_session ? setsid() < 0 : setpgid(0, 0) < 0) {
		return -1;
	}
	if (!options->starts_daemon) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
			return -1;
		}
		if (getppid() != (is_first() ? 0 : launch->parent)) {
			_exit(EXIT_FAILURE);
		}
	}
	reset_signals();
	if (place_descriptors(launch) < 0) {
		return -1;
	}
	return chdir(options->directory != NULL ? options->directory : "/");
}

/* The child's whole life before it is another program. */
static int run_child(void *data)
{
	struct launch *launch = data;
	const struct process_options *options = launch->options;
	const char *const *environment =
		options->environment != NULL ? options->environment : minimal_environment;

	if (set_up_child(launch) == 0) {
		/* execve(2) does not write to its arrays; its type is older than const. */
		union {
			const char *const *in;
			char *const *out;
		} argv = {.in = options->argv}, envp = {.in = environment};

		if (options->by_descriptor) {
			(void)fexecve(launch->program, argv.out, envp.out);
		} else {
			(void)execve(options->argv[0], argv.out, envp.out);
		}
	}
	launch->failure = errno;
	_exit(EXIT_FAILURE);
}

/*
 * With SIGCHLD ignored, which we may have inherited, the kernel forgets how a child ended: every
 * failure would look like a success. waitid(2), NOTES.
 */
static int keep_exit_codes(void)
{
	struct sigaction action;

	if (sigaction(SIGCHLD, NULL, &action) < 0) {
		return -errno;
	}
	if (action.sa_handler != SIG_IGN && (action.sa_flags & SA_NOCLDWAIT) == 0) {
		return 0;
	}
	action.sa_flags &= ~SA_NOCLDWAIT;
	action.sa_handler = action.sa_handler == SIG_IGN ? SIG_DFL : action.sa_handler;
	return sigaction(SIGCHLD, &action, NULL) < 0 ? -errno : 0;
}

/* The end of a child that nobody will hear of. */
static void forget(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
}

/* Into a new PID namespace where it is asked for and allowed. Behind this the child has run and
 * become its program, or ended. */
static pid_t split(struct launch *launch, int *ret_pidfd)
{
	_Alignas(16) NOT_ZEROED char stack[CHILD_STACK];
	const int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
	pid_t pid = -1;

	if (launch->options->own_pids) {
		pid = clone(run_child, stack + sizeof(stack), flags | CLONE_NEWPID, launch,
			    ret_pidfd);
	}
	if (pid < 0) {
		pid = clone(run_child, stack + sizeof(stack), flags, launch, ret_pidfd);
	}
	/* The child left its frames without returning from them. */
	ASAN_UNPOISON_MEMORY_REGION(stack, sizeof(stack));
	return pid;
}

static int start(struct launch *launch, struct process *ret)
{
	sigset_t all;
	sigset_t before;
	int pidfd = -1;

	launch->parent = getpid();
	/* Handlers are ours and would work on our memory: the child resets them first. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = split(launch, &pidfd);
	int rc = pid < 0 ? -errno : -launch->failure;

	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0) {
		return rc;
	}
	if (rc < 0) {
		(void)close(pidfd);
		forget(pid);
		return rc;
	}
	*ret = (struct process){
		.pid = pid,
		.pidfd = pidfd,
		.spare_group = launch->options->starts_daemon,
		.interrupts = launch->options->interrupts,
	};
	return 0;
}

/* Finds the numbers that the mapping keeps free of ours. */
static int plan_descriptors(const struct process_options *options, int *ret_above)
{
	int above = STDERR_FILENO + 1;

	for (size_t i = 0; i < options->fd_count; i++) {
		int theirs = options->fds[i].theirs;

		if (theirs <= STDERR_FILENO) {
			return -EINVAL;
		}
		above = theirs >= above ? theirs + 1 : above;
	}
	*ret_above = above;
	return 0;
}

static int describe(const struct process_options *options, int rc, struct error *err)
{
	if (options->directory != NULL) {
		return error_set(err, rc, "cannot run %s in the directory %s: %s", options->argv[0],
				 options->directory, strerror(-rc));
	}
	return error_set(err, rc, "cannot run %s: %s", options->argv[0], strerror(-rc));
}

int process_spawn(const struct process_options *options, struct process *ret, struct error *err)
{
	if (options->argv == NULL || options->argv[0] == NULL) {
		return error_set(err, -EINVAL, "there is no command to run");
	}
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	auto_free int *moved = calloc(options->fd_count + 3, sizeof(*moved));
	struct launch launch = {.options = options, .moved = moved, .null = null};

	if (moved == NULL) {
		return error_no_memory(err);
	}
	if (null < 0) {
		return error_set(err, -errno, "cannot open /dev/null: %s", strerror(errno));
	}
	int rc = plan_descriptors(options, &launch.above);

	if (rc == 0) {
		rc = keep_exit_codes();
	}
	if (rc == 0) {
		rc = start(&launch, ret);
	}
	return rc < 0 ? describe(options, rc, err) : 0;
}
