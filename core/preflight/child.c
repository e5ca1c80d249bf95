/*
 * child.c - child.h: start, pipes and end of a plugin's process.
 */
#include "preflight/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/sanitizer.h"
#include "preflight/collect.h"
#include "preflight/host/first.h"
#include "preflight/judge.h"

#define GRACE_MS 200

/* What an ended child can have left behind in a pipe is no more than a pipe holds; who still
 * writes then is no child of the plugin that we have to listen to. */
#define DRAIN_MAX (64u * KIB)
#define CHUNK     4096u

void child_finish(struct child *child)
{
	process_kill(&child->process);
	guard_close(&child->results);
	guard_close(&child->output);
	guard_close(&child->answer);
	buffer_finish(&child->pending);
	buffer_finish(&child->text);
	buffer_finish(&child->said);
}

/* A pipe whose read end does not block. */
static int make_pipe(int *ret_read, int *ret_write, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return error_set(err, -errno, "cannot make a pipe: %s", strerror(errno));
	}
	*ret_read = ends[0];
	*ret_write = ends[1];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		return error_set(err, -errno, "cannot set up a pipe: %s", strerror(errno));
	}
	return 0;
}

/* The write ends that the process gets; the read ends are the child's. */
struct ends {
	int results;
	int output;
	int answer; /* -1: output takes all */
};

static void ends_close(struct ends *ends)
{
	guard_close(&ends->results);
	guard_close(&ends->output);
	guard_close(&ends->answer);
}

static int make_pipes(struct child *child, struct ends *ends, struct error *err)
{
	int rc = make_pipe(&child->results, &ends->results, err);

	if (rc == 0) {
		rc = make_pipe(&child->output, &ends->output, err);
	}
	if (rc == 0 && child->is_program) {
		rc = make_pipe(&child->answer, &ends->answer, err);
	}
	return rc;
}

static int spawn(int helper_fd, int denial_fd, const struct request *request, struct child *child,
		 struct error *err)
{
	__attribute__((cleanup(ends_close))) struct ends ends = {-1, -1, -1};
	auto_close int asked = request_open(request, err);
	int rc = asked < 0 ? asked : make_pipes(child, &ends, err);

	if (rc < 0) {
		return rc;
	}
	const char *const argv[] = {"preflight-host", request->name, NULL};
	const struct process_fd fds[] = {
		{asked, HOST_REQUEST_FD},
		{ends.results, HOST_RESULTS_FD},
		{denial_fd, HOST_DENIAL_FD},
	};
	const struct process_options options = {
		.argv = argv,
		.by_descriptor = true,
		.exec_fd = helper_fd,
		.fds = fds,
		.fd_count = denial_fd >= 0 ? 3 : 2,
		.output_fd = child->is_program ? ends.answer : ends.output,
		.error_fd = ends.output,
		.own_session = true,
		.own_pids = child->own_pids,
	};

	return process_spawn(&options, &child->process, err);
}

int child_start(int helper_fd, int denial_fd, const struct request *request,
		struct plugin_report *report, struct child *ret, struct error *err)
{
	struct child child = {
		.report = report,
		.process = {.pidfd = -1},
		.results = -1,
		.output = -1,
		.answer = -1,
		.is_program = request->is_program,
		/* The leak check of AddressSanitizer looks for its threads in /proc, which would
		 * show it others. */
		.own_pids = geteuid() == 0 && !SANITIZED_ADDRESSES,
		.timeout_ms = request->timeout_ms,
		.started = clock_monotonic_ms(),
		.deadline = clock_deadline(request->timeout_ms),
		.pending = BUFFER_INIT(FRAME_HEADER + LIMIT_FRAME + CHUNK),
		.text = BUFFER_INIT(LIMIT_OUTPUT),
		.said = BUFFER_INIT(LIMIT_FRAMES),
	};
	int rc = spawn(helper_fd, denial_fd, request, &child, err);

	if (rc < 0) {
		child_finish(&child);
		return rc;
	}
	*ret = child;
	return 0;
}

/* Reads once. The number of bytes; 0: nothing (more), and at its end *fd is closed. */
static size_t read_some(int *fd, char *bytes, size_t size)
{
	ssize_t got = 0;

	if (*fd < 0) {
		return 0;
	}
	do {
		got = read(*fd, bytes, size);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		return (size_t)got;
	}
	if (got == 0 || errno != EAGAIN) {
		guard_close(fd);
	}
	return 0;
}

/* Handles the complete frames in pending and keeps the rest. */
static int take_frames(struct child *child)
{
	size_t at = 0;

	while (at < child->pending.length) {
		struct frame frame;
		size_t used = 0;
		int rc = frame_decode(child->pending.data + at, child->pending.length - at, &frame,
				      &used, &child->reason);

		if (rc == 0) {
			break;
		}
		if (rc > 0) {
			rc = frame_sequence_add(&child->seen, &frame, used, &child->reason);
		}
		if (rc == 0) {
			rc = collect_frame(child, &frame);
		}
		if (rc < 0) {
			return rc;
		}
		at += used;
	}
	size_t left = child->pending.length - at;

	memmove(child->pending.data, child->pending.data + at, left);
	child->pending.length = left;
	return 0;
}

int child_read_results(struct child *child)
{
	char bytes[CHUNK];
	size_t got = read_some(&child->results, bytes, sizeof(bytes));

	if (got == 0 || child->broken < 0) {
		return 0;
	}
	int rc = buffer_add(&child->pending, bytes, got);

	if (rc == 0) {
		rc = take_frames(child);
	}
	if (rc == -EPROTO) {
		child->broken = rc;
		return 0;
	}
	return rc;
}

int child_read_output(struct child *child)
{
	char bytes[CHUNK];
	size_t got = read_some(&child->output, bytes, sizeof(bytes));

	return collect_output(child, bytes, got);
}

int child_read_answer(struct child *child)
{
	char bytes[CHUNK];
	size_t got = read_some(&child->answer, bytes, sizeof(bytes));
	/* The log has it, too: not every line is an answer. */
	int rc = collect_output(child, bytes, got);

	if (rc == 0 && child->broken == 0) {
		rc = buffer_add(&child->said, bytes, got);
	}
	if (rc == -E2BIG) {
		child->broken = error_set(&child->reason, -EPROTO, "printed more than %u bytes",
					  LIMIT_FRAMES);
		return 0;
	}
	return rc;
}

bool child_is_broken(const struct child *child)
{
	return child->broken < 0;
}

bool child_expire(struct child *child)
{
	if (child->timed_out) {
		return true;
	}
	child->timed_out = true;
	child->deadline = clock_deadline(GRACE_MS);
	(void)kill(-child->process.pid, SIGTERM);
	return false;
}

/* Reads what the child wrote before its end. */
static int drain(struct child *child)
{
	for (size_t i = 0; i < DRAIN_MAX / CHUNK; i++) {
		int rc = child_read_results(child);

		if (rc == 0) {
			rc = child_read_output(child);
		}
		if (rc == 0) {
			rc = child_read_answer(child);
		}
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

/* Exit codes beyond the signals are the plugin's own, and as wrong as those of signals. */
static void undo_process_1(const struct child *child, struct process_status *status)
{
	int number = status->exit_code - FIRST_SIGNALLED;

	if (child->own_pids && status->signal == 0 && number > 0 && number < NSIG) {
		status->signal = number;
	}
}

int child_end(struct child *child)
{
	struct process_status status;
	/* The group's members are gone after this, so the pipes hold all there will be. */
	bool must_stop = child->timed_out || child->broken < 0;

	if (must_stop) {
		(void)kill(-child->process.pid, SIGKILL);
	}
	process_wait(&child->process, must_stop ? GRACE_MS : 0, &status);
	undo_process_1(child, &status);
	child->report->ms = clock_monotonic_ms() - child->started;
	int rc = drain(child);

	if (rc == 0) {
		rc = judge_child(child, &status);
	}
	if (rc == 0) {
		rc = collect_finish(child);
	}
	child_finish(child);
	return rc;
}
