/*
 * command.c - manager.h for manager = command: start, stop and status are commands, and a pid file
 * says who runs.
 *
 * The pid file is only a hint: a process counts while its pidfd says so, and is killed only through
 * that pidfd, when it was there before the file was written.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/process.h"
#include "service/command_look.h"
#include "service/command_start.h"
#include "service/manager.h"
#include "service/pidfile.h"
#include "service/tail.h"

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
	.start = command_start,
	.stop = stop,
};

const struct service_manager *service_manager_command(void)
{
	return &manager;
}
