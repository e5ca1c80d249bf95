/*
 * process.c - process.h: how a child is started and how it ends.
 *
 * The child is set up with async-signal-safe calls only. A failure up to and including execve(2)
 * comes back over a close-on-exec pipe.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"

#define GRACE_MS 200

static const char *const minimal_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C.UTF-8",
	NULL,
};

/* What the child needs, prepared before the fork. */
struct launch {
	const struct process_options *options;
	int *moved;  /* fd_count descriptors, and behind them 0, 1 and 2 of the child */
	int program; /* exec_fd, out of the way of the others */
	int above;   /* no target descriptor is here or higher */
	int null;
	int report; /* the error pipe */
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

	launch->report = fcntl(launch->report, F_DUPFD_CLOEXEC, launch->above);
	if (launch->report < 0) {
		return -1;
	}
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

static int set_up_child(struct launch *launch)
{
	const struct process_options *options = launch->options;

	if (options->starts_daemon ? setsid() < 0 : setpgid(0, 0) < 0) {
		return -1;
	}
	if (!options->starts_daemon) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
			return -1;
		}
		if (getppid() != launch->parent) {
			_exit(EXIT_FAILURE);
		}
	}
	reset_signals();
	if (place_descriptors(launch) < 0) {
		return -1;
	}
	return chdir(options->directory != NULL ? options->directory : "/");
}

__attribute__((noreturn)) static void run_child(struct launch *launch)
{
	const struct process_options *options = launch->options;
	const char *const *environment =
		options->environment != NULL ? options->environment : minimal_environment;

	if (set_up_child(launch) == 0) {
		/* execve(2) takes arrays that it does not write to; its type is older than const.
		 */
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
	int code = errno;

	(void)!write(launch->report, &code, sizeof(code));
	_exit(EXIT_FAILURE);
}

/* Waits for the child's execve(2): end of file is success, a number the reason of its failure. */
static int read_report(int fd)
{
	int code = 0;
	ssize_t got = 0;

	do {
		got = read(fd, &code, sizeof(code));
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(code) ? -code : 0;
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

static int reap(pid_t pid, siginfo_t *info)
{
	int rc = 0;

	do {
		rc = waitid(P_PID, (id_t)pid, info, WEXITED);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

static int start(struct launch *launch, struct process *ret)
{
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0) {
		return -errno;
	}
	launch->report = report[1];
	launch->parent = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		run_child(launch);
	}
	int rc = pid < 0 ? -errno : 0;

	(void)close(report[1]);
	if (rc == 0) {
		rc = read_report(report[0]);
	}
	(void)close(report[0]);
	int pidfd = rc == 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (rc == 0 && pidfd < 0) {
		rc = -errno;
		(void)kill(pid, SIGKILL);
	}
	if (rc < 0) {
		siginfo_t info;

		if (pid > 0) {
			(void)reap(pid, &info);
		}
		return rc;
	}
	*ret = (struct process){pid, pidfd, launch->options->starts_daemon};
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

/* True when the process ended before the deadline. */
static bool ends_before(const struct process *process, uint64_t deadline)
{
	for (;;) {
		struct pollfd wait = {.fd = process->pidfd, .events = POLLIN};
		int rc = poll(&wait, 1, clock_left(deadline));

		if (rc > 0) {
			return true;
		}
		if (rc == 0 || errno != EINTR) {
			return false;
		}
	}
}

/* The group is killed while its leader is still a zombie: the number cannot be anybody else's. */
static void finish(struct process *process, struct process_status *status)
{
	siginfo_t info = {0};

	if (status->timed_out) {
		(void)kill(-process->pid, SIGTERM);
		if (!ends_before(process, clock_deadline(GRACE_MS))) {
			(void)kill(-process->pid, SIGKILL);
		}
	}
	if (status->timed_out || !process->spare_group) {
		while (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT) < 0 &&
		       errno == EINTR) {
		}
		(void)kill(-process->pid, SIGKILL);
	}
	if (reap(process->pid, &info) == 0) {
		status->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
		status->exit_code = info.si_code == CLD_EXITED ? info.si_status : 0;
	}
	(void)close(process->pidfd);
	*process = (struct process){.pidfd = -1};
}

void process_wait(struct process *process, uint64_t timeout_ms, struct process_status *ret)
{
	uint64_t started = clock_monotonic_ms();

	*ret = (struct process_status){.exit_code = PROCESS_UNSEEN};
	if (process->pid <= 0) {
		return;
	}
	ret->timed_out = !ends_before(process, clock_deadline(timeout_ms));
	ret->ms = clock_monotonic_ms() - started;
	finish(process, ret);
}

void process_kill(struct process *process)
{
	struct process_status status;

	process_wait(process, 0, &status);
}

static void timeout_text(uint64_t ms, char text[PROCESS_STATUS_TEXT_MAX])
{
	uint64_t tenths = ms % 1000 / 100;

	if (ms < 1000) {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "did not end within %" PRIu64 " ms",
			       ms);
	} else if (tenths == 0) {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "did not end within %" PRIu64 " s",
			       ms / 1000);
	} else {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX,
			       "did not end within %" PRIu64 ".%" PRIu64 " s", ms / 1000, tenths);
	}
}

const char *process_status_text(const struct process_status *status,
				char text[PROCESS_STATUS_TEXT_MAX])
{
	if (status->timed_out) {
		timeout_text(status->ms, text);
	} else if (status->signal != 0) {
		const char *name = strsignal(status->signal);

		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "was killed by signal %d (%s)",
			       status->signal, name != NULL ? name : "?");
	} else if (status->exit_code == PROCESS_UNSEEN) {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "ended unseen");
	} else {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "exited with %d", status->exit_code);
	}
	return text;
}

bool process_succeeded(const struct process_status *status)
{
	return !status->timed_out && status->signal == 0 && status->exit_code == 0;
}

int process_start_time(pid_t pid, uint64_t *ret)
{
	char path[64];
	struct error err;
	auto_buffer struct buffer stat = BUFFER_INIT(4096);

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int rc = file_read_path(path, &stat, &err);

	if (rc < 0) {
		return rc == -ENOENT ? -ESRCH : rc;
	}
	/* The name in field 2 may hold blanks and brackets; the last ')' ends it. */
	const char *at = strrchr(buffer_text(&stat), ')');

	for (int field = 2; at != NULL && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	if (at == NULL) {
		return -EIO;
	}
	*ret = strtoull(at + 1, NULL, 10);
	return 0;
}
