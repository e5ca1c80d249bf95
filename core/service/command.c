/*
 * command.c - manager.h for manager = command: start, stop and status are commands, and a pid file
 * says who runs.
 *
 * The pid file is only a hint: a process counts while its pidfd says so, and is killed only through
 * that pidfd, when it was there before the file was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/process.h"
#include "base/strays.h"
#include "service/command_look.h"
#include "service/manager.h"
#include "service/pidfile.h"
#include "service/tail.h"

#define POLL_MS 50

/* A pid file may name a dead process for a moment while a daemon forks; that often in a row it is
 * dead. */
#define DEAD_POLLS 10

/* After a stop command that failed, for a process that goes all the same; after SIGKILL. */
#define GRACE_MS      1000
#define KILL_GRACE_MS 5000

static int find(const struct service_context *context, const struct service *service,
		struct service_process *ret, struct error *err)
{
	auto_close int pidfd = -1;
	struct pidfile file;
	int rc = pidfile_read(service->pid_file, &file, err);

	(void)context;
	return rc == 0 ? pidfile_open_process(file.pid, &pidfd, ret, err) : rc;
}

/* Where the start command and the daemon behind it write: a file without a name, since a pipe
 * would break under the daemon when we are gone. */
static int open_output(struct error *err)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0) {
		fd = memfd_create("output", MFD_CLOEXEC);
	}
	return fd >= 0 ? fd
		       : error_set(err, -errno, "cannot make a file for its output: %s",
				   strerror(errno));
}

static int run_command(const struct service_context *context, const struct service *service,
		       int output, struct error *err)
{
	auto_strings struct strings words = {0};
	int rc = command_expand(&service->start, context->values, &words, err);

	if (rc < 0) {
		return rc;
	}
	/* A list of strings is what execv(3) takes, but for a const. */
	union {
		char *const *in;
		const char *const *out;
	} argv = {.in = words.items};
	const struct process_options options = {
		.argv = argv.out,
		.output_fd = output,
		.starts_daemon = true,
		.interrupts = context->interrupts,
	};
	char text[PROCESS_STATUS_TEXT_MAX];
	struct process_status status;
	struct process process;

	rc = process_spawn(&options, &process, err);
	if (rc < 0) {
		return rc;
	}
	process_wait(&process, service->ready_timeout_ms, &status);
	if (status.interrupted) {
		return error_set(err, -EINTR, "interrupted while its start command ran");
	}
	if (!process_succeeded(&status)) {
		return error_set(err, status.timed_out ? -ETIMEDOUT : -ECHILD,
				 "its start command %s", process_status_text(&status, text));
	}
	return 0;
}

/* A start command that failed may have left a process behind that is about to become the daemon:
 * nobody would know of it, and it would stand in the way of the one that is put back. */
static int run_start(const struct service_context *context, const struct service *service,
		     int output, struct error *err)
{
	struct strays strays;
	int rc = strays_begin(&strays, err);

	if (rc < 0) {
		return rc;
	}
	rc = run_command(context, service, output, err);
	if (rc < 0) {
		strays_end(&strays);
	} else {
		strays_keep(&strays);
	}
	return rc;
}

/* What await_ready() has seen so far. */
struct watch {
	const struct service_context *context;
	const struct service *service;
	struct pidfile before; /* the start */
	struct pidfile file;
	struct service_process seen;
	unsigned dead_polls;
	uint64_t deadline;
	char last[256]; /* why it is not ready yet */
};

/* 1: the status command says ready, 0: it does not, or an error. */
static int ask_status(struct watch *watch, struct error *err)
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	char text[PROCESS_STATUS_TEXT_MAX];

	if (!command_is_set(&watch->service->status)) {
		return 1;
	}
	int rc = command_expand(&watch->service->status, watch->context->values, &words, err);

	if (rc == 0) {
		rc = process_run_interruptibly(&words, (uint64_t)clock_left(watch->deadline),
					       watch->context->interrupts, &result, err);
	}
	if (rc < 0) {
		return rc;
	}
	(void)snprintf(watch->last, sizeof(watch->last), "its status command %s",
		       process_status_text(&result.status, text));
	return process_succeeded(&result.status) ? 1 : 0;
}

/* The process of the pid file now: 1 with a descriptor when it lives, else 0. */
static int look(struct watch *watch, int *ret_fd, struct error *err)
{
	struct service_process process = {0};
	int rc = pidfile_read(watch->service->pid_file, &watch->file, err);

	if (rc == -EINVAL) {
		/* Half-written, perhaps; if it stays so, that is what the deadline tells. */
		(void)snprintf(watch->last, sizeof(watch->last), "%.200s", err->text);
		return 0;
	}
	if (rc == 0) {
		rc = pidfile_open_process(watch->file.pid, ret_fd, &process, err);
	}
	if (rc < 0) {
		return rc;
	}
	if (process.pid != 0) {
		watch->seen = process;
		return 1;
	}
	(void)snprintf(watch->last, sizeof(watch->last), "its pid file names no running process");
	return 0;
}

/* Whether it started and is over: seen alive before, or named in a pid file that is new. */
static bool has_died(struct watch *watch)
{
	bool named = watch->file.pid != 0 && !pidfile_equal(&watch->file, &watch->before);

	if (watch->seen.pid == 0 && !named) {
		return false;
	}
	return ++watch->dead_polls >= DEAD_POLLS;
}

/* One look: 1 when ready, 0 when not yet, or an error. */
static int step(struct watch *watch, struct error *err)
{
	auto_close int pidfd = -1;
	int alive = look(watch, &pidfd, err);

	if (alive < 0) {
		return alive;
	}
	if (alive == 0 && has_died(watch)) {
		return error_set(err, -ESRCH, "it died while it was starting");
	}
	if (alive > 0) {
		watch->dead_polls = 0;
		int ready = ask_status(watch, err);

		if (ready != 0) {
			return ready;
		}
	}
	int left = clock_left(watch->deadline);
	int interrupts = watch->context->interrupts;
	struct pollfd ends[] = {
		{.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN},
		{.fd = pidfd, .events = POLLIN},
	};

	/* The end of the process ends the pause. */
	if (poll(ends, 2, left < POLL_MS ? left : POLL_MS) > 0 && ends[0].revents != 0) {
		return error_set(err, -EINTR, "interrupted before it was ready");
	}
	return 0;
}

static int await_ready(struct watch *watch, struct error *err)
{
	for (;;) {
		int ready = step(watch, err);

		if (ready != 0) {
			return ready > 0 ? 0 : ready;
		}
		if (clock_left(watch->deadline) == 0) {
			return error_set(err, -ETIMEDOUT, "it was not ready within %g s: %s",
					 (double)watch->service->ready_timeout_ms / 1000,
					 watch->last);
		}
	}
}

static int start(const struct service_context *context, const struct service *service,
		 struct error *err)
{
	auto_close int output = open_output(err);
	struct watch watch = {
		.context = context,
		.service = service,
		.deadline = clock_deadline(service->ready_timeout_ms),
	};
	struct error ignored;

	if (output < 0) {
		return error_prefix(err, "cannot start %s", service->name);
	}
	/* A garbled file of an earlier run is none. */
	(void)!pidfile_read(service->pid_file, &watch.before, &ignored);
	int rc = run_start(context, service, output, err);

	if (rc == 0) {
		rc = await_ready(&watch, err);
	}
	if (rc < 0) {
		(void)tail_append(output, err);
		return error_prefix(err, "cannot start %s", service->name);
	}
	return 0;
}

/* What it starts may outlive us when we are killed; then it keeps the lock, and nobody else begins
 * before it is over. */
static int run_holding_lock(const struct strings *words, int lock_fd, uint64_t timeout_ms,
			    struct process_result *ret, struct error *err)
{
	const struct process_fd lock = {.ours = lock_fd, .theirs = STDERR_FILENO + 1};
	union {
		char *const *in;
		const char *const *out;
	} argv = {.in = words->items};
	const struct process_options options = {
		.argv = argv.out,
		.fds = &lock,
		.fd_count = lock_fd > 0 ? 1 : 0,
	};

	return process_run_options(&options, timeout_ms, ret, err);
}

/* Runs the stop command; *ret_failed says how it failed, "" when it did not. */
static int run_stop(const struct service_context *context, const struct service *service,
		    uint64_t deadline, struct error *ret_failed, struct error *err)
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	char text[PROCESS_STATUS_TEXT_MAX];
	int rc = command_expand(&service->stop, context->values, &words, err);

	*ret_failed = (struct error){0};
	if (rc == 0) {
		rc = run_holding_lock(&words, context->lock_fd, (uint64_t)clock_left(deadline),
				      &result, err);
	}
	if (rc < 0) {
		return rc;
	}
	if (!process_succeeded(&result.status)) {
		(void)error_set(ret_failed, result.status.timed_out ? -ETIMEDOUT : -ECHILD,
				"its stop command %s", process_status_text(&result.status, text));
		tail_append_text(buffer_text(&result.errors), ret_failed);
	}
	return 0;
}

/* Exactly the process behind pidfd, once it is sure that the pid file meant it. */
static int kill_process(const struct pidfile *file, const struct service_process *process,
			int pidfd, struct error *err)
{
	if (!pidfile_fits(file, process)) {
		return error_set(err, -EPERM,
				 "process %d did not end, and it is younger than the pid file that "
				 "names it, so it may be somebody else's: it was not killed; look "
				 "who it is",
				 process->pid);
	}
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH) {
		return error_set(err, -errno, "cannot kill process %d: %s", process->pid,
				 strerror(errno));
	}
	if (pidfile_await_end(pidfd, clock_deadline(KILL_GRACE_MS)) < 0) {
		return error_set(err, -ETIMEDOUT, "process %d did not end even when killed",
				 process->pid);
	}
	return 0;
}

/* A process that runs: its stop command, its end, or the end of our patience. */
static int stop_process(const struct service_context *context, const struct service *service,
			const struct pidfile *file, const struct service_process *process,
			int pidfd, bool *ret_killed, struct error *err)
{
	uint64_t deadline = clock_deadline(service->stop_timeout_ms);
	struct error failed;
	int rc = run_stop(context, service, deadline, &failed, err);

	if (rc < 0) {
		return rc;
	}
	uint64_t grace = clock_deadline(GRACE_MS);
	bool refused = failed.code != 0 && failed.code != -ETIMEDOUT;

	if (pidfile_await_end(pidfd, refused && grace < deadline ? grace : deadline) == 0) {
		return 0;
	}
	if (refused) {
		return error_set(err, failed.code, "%s, and process %d still runs", failed.text,
				 process->pid);
	}
	rc = kill_process(file, process, pidfd, err);
	if (rc == 0) {
		*ret_killed = true;
	}
	return rc;
}

static int stop(const struct service_context *context, const struct service *service,
		bool *ret_killed, struct error *err)
{
	auto_close int pidfd = -1;
	struct service_process process = {0};
	struct pidfile file;
	int rc = pidfile_read(service->pid_file, &file, err);

	*ret_killed = false;
	if (rc == 0) {
		rc = pidfile_open_process(file.pid, &pidfd, &process, err);
	}
	if (rc == 0 && process.pid != 0) {
		rc = stop_process(context, service, &file, &process, pidfd, ret_killed, err);
	}
	return rc < 0 ? error_prefix(err, "cannot stop %s", service->name) : 0;
}

static struct service_state look_at(const struct service_context *context,
				    const struct service *service)
{
	return command_look(service_manager_command(), context, service);
}

static const struct service_manager manager = {
	.name = "command",
	.look = look_at,
	.find = find,
	.start = start,
	.stop = stop,
};

const struct service_manager *service_manager_command(void)
{
	return &manager;
}
