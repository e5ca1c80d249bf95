/*
 * command_start.c - command_start.h: a child starts and waits, we wait for the child.
 *
 * A daemon that forks into the background is nobody's that a pid file names for a moment. Were we
 * killed just then, who recovers would not find it and start another beside it. So the child, which
 * has the lock from us, goes on without us until the daemon is there or is not going to be. Should
 * the child be killed itself, what it has started comes to us and is ended.
 */
#include "service/command_start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/process.h"
#include "base/servant.h"
#include "base/strays.h"
#include "service/pidfile.h"
#include "service/tail.h"

#define POLL_MS 50

/* A pid file may name a dead process for a moment while a daemon forks; that often in a row it is
 * dead. */
#define DEAD_POLLS 10

/* For the child beyond ready_timeout: what is left of a start command is ended. */
#define CHILD_GRACE_MS 20000

/* For the rest of an answer that has begun. */
#define ANSWER_MS 1000

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
	bool answered;  /* the status command has come to an end before */
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
	/* What the deadline cut short says less than the answer before it. */
	if (!result.status.timed_out || !watch->answered) {
		(void)snprintf(watch->last, sizeof(watch->last), "its status command %s",
			       process_status_text(&result.status, text));
	}
	watch->answered = watch->answered || !result.status.timed_out;
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

/* A start command that failed may have left a process behind that is about to become the daemon:
 * nobody would know of it, and it would stand in the way of the one that is put back. */
static int run_start(const struct service_context *context, const struct service *service,
		     int output, struct strays *strays, struct error *err)
{
	int rc = run_command(context, service, output, err);

	if (rc < 0) {
		strays_end(strays);
	}
	return rc;
}

/* The whole start; everything that comes to be in it is the child's. */
static int start(const struct service_context *context, const struct service *service,
		 struct strays *strays, struct error *err)
{
	auto_close int output = open_output(err);
	struct watch watch = {
		.context = context,
		.service = service,
		.deadline = clock_deadline(service->ready_timeout_ms),
	};
	struct error ignored;

	if (output < 0) {
		return output;
	}
	/* A garbled file of an earlier run is none. */
	(void)!pidfile_read(service->pid_file, &watch.before, &ignored);
	int rc = run_start(context, service, output, strays, err);

	if (rc == 0) {
		rc = await_ready(&watch, err);
	}
	if (rc < 0) {
		(void)tail_append(output, err);
	}
	return rc;
}

struct job {
	struct service_context context; /* the child's */
	const struct service *service;
};

/* It ends when it is let go: a daemon that it has started would come to the updater otherwise,
 * which waits for the answer and takes whoever is left behind. */
static void serve(int line, void *data)
{
	const struct job *job = data;
	struct strays strays = {0};
	struct error err = {0};
	int rc = strays_begin(&strays, &err);

	rc = rc < 0 ? rc : start(&job->context, job->service, &strays, &err);
	servant_answer(line, rc, NULL, &err);
	(void)!servant_next(line);
	strays_keep(&strays);
}

enum news {
	NEWS_ANSWER,
	NEWS_NONE, /* the time is over */
	NEWS_GONE, /* its end without an answer */
};

static enum news read_news(int line)
{
	char byte;

	return recv(line, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ? NEWS_ANSWER : NEWS_GONE;
}

/* Until it has answered, is gone or took too long. An interrupt is passed on: signalfd(2) tells of
 * a signal only in the process that it was sent to. */
static enum news attend(const struct servant *child, int interrupts, int passed_on,
			uint64_t timeout_ms)
{
	uint64_t deadline = clock_deadline(timeout_ms);

	for (;;) {
		struct pollfd ends[] = {
			{.fd = child->line, .events = POLLIN},
			{.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN},
		};
		int count = poll(ends, 2, clock_left(deadline));

		if (count < 0 && errno == EINTR) {
			continue;
		}
		if (count <= 0) {
			return NEWS_NONE;
		}
		if (ends[0].revents != 0) {
			return read_news(child->line);
		}
		(void)eventfd_write(passed_on, 1);
		interrupts = 0;
	}
}

/* The child's answer, or why there is none. */
static int hear(const struct servant *child, enum news news, uint64_t timeout_ms, struct error *err)
{
	auto_buffer struct buffer nothing = BUFFER_INIT(1);

	switch (news) {
	case NEWS_NONE:
		return error_set(err, -ETIMEDOUT,
				 "the child that starts it did not end within %g s, and was ended "
				 "with what it had started",
				 (double)timeout_ms / 1000);
	case NEWS_GONE:
		return error_set(
			err, -ECHILD,
			"the child that starts it died, and what it had started was ended");
	case NEWS_ANSWER:
		break;
	}
	return servant_hear(child, ANSWER_MS, &nothing, err);
}

/* Without an answer nobody knows how far the child came: what it has started, perhaps not named
 * yet, comes to us. With one, whoever is there was started to stay, or to be stopped in order. */
static void let_go(struct servant *child, enum news news, struct strays *strays)
{
	if (news == NEWS_ANSWER) {
		/* Before the child goes, or the daemon would come to us. */
		strays_keep(strays);
		servant_end(child, 0);
	} else {
		servant_end(child, 0);
		strays_end(strays);
	}
}

static int start_in_child(const struct service_context *context, struct job *job,
			  struct strays *strays, struct error *err)
{
	uint64_t timeout_ms = job->service->ready_timeout_ms + CHILD_GRACE_MS;
	struct servant child = SERVANT_NONE;
	int rc = servant_start(NULL, SERVANT_SEES_US_END, serve, job, &child, err);

	if (rc < 0) {
		strays_keep(strays);
		return rc;
	}
	enum news news = attend(&child, context->interrupts, job->context.interrupts, timeout_ms);

	rc = hear(&child, news, timeout_ms, err);
	let_go(&child, news, strays);
	return rc;
}

int command_start(const struct service_context *context, const struct service *service,
		  struct error *err)
{
	auto_close int interrupts = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct job job = {*context, service};
	struct strays strays = {0};

	if (interrupts < 0) {
		return error_set(err, -errno, "cannot start %s: cannot make an eventfd: %s",
				 service->name, strerror(errno));
	}
	job.context.interrupts = interrupts;
	int rc = strays_begin(&strays, err);

	rc = rc < 0 ? rc : start_in_child(context, &job, &strays, err);
	return rc < 0 ? error_prefix(err, "cannot start %s", service->name) : 0;
}
