/*
 * capture.c - process.h's process_run(): a command run to its end, with what it wrote.
 *
 * Both pipes are read all the time, so that a chatty command does not block; what passes the
 * maximum is dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/process.h"

/* Rounds of reading after the end: enough for a full pipe, not for somebody who writes for ever. */
#define DRAIN_ROUNDS 32

struct stream {
	int fd; /* our end, non-blocking; -1 when it is over */
	struct buffer *into;
};

void process_result_finish(struct process_result *result)
{
	buffer_finish(&result->output);
	buffer_finish(&result->errors);
}

/* Keeps what fits. False when the stream is over. */
static bool read_stream(struct stream *stream)
{
	char chunk[4096];
	ssize_t got = read(stream->fd, chunk, sizeof(chunk));

	if (got < 0) {
		return errno == EAGAIN || errno == EINTR;
	}
	size_t room = stream->into->maximum - stream->into->length;
	size_t kept = (size_t)got < room ? (size_t)got : room;

	/* Out of memory loses output, never the command's outcome. */
	(void)!buffer_add(stream->into, chunk, kept);
	return got > 0;
}

static void poll_stream(struct stream *stream, short events)
{
	if (stream->fd >= 0 && events != 0 && !read_stream(stream)) {
		(void)close(stream->fd);
		stream->fd = -1;
	}
}

/* Reads until the process ended, the deadline is over or an interrupt came. */
static void follow(const struct process *process, struct stream streams[2], uint64_t deadline)
{
	for (;;) {
		int left = clock_left(deadline);
		struct pollfd fds[] = {
			{.fd = streams[0].fd, .events = POLLIN},
			{.fd = streams[1].fd, .events = POLLIN},
			{.fd = process->pidfd, .events = POLLIN},
			{.fd = process->interrupts > 0 ? process->interrupts : -1,
			 .events = POLLIN},
		};
		int rc = poll(fds, 4, left);

		if (rc < 0 && errno == EINTR) {
			continue;
		}
		if (rc <= 0) {
			return;
		}
		poll_stream(&streams[0], fds[0].revents);
		poll_stream(&streams[1], fds[1].revents);
		/* One that never stops writing always gives poll(2) something to report. */
		if (fds[2].revents != 0 || fds[3].revents != 0 || left == 0) {
			return;
		}
	}
}

static void drain(struct stream *stream)
{
	for (int round = 0; stream->fd >= 0 && round < DRAIN_ROUNDS; round++) {
		struct pollfd fd = {.fd = stream->fd, .events = POLLIN};

		if (poll(&fd, 1, 0) <= 0) {
			return;
		}
		poll_stream(stream, fd.revents);
	}
}

static int make_pipe(int ends[2], struct error *err)
{
	if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		return error_set(err, -errno, "cannot make a pipe: %s", strerror(errno));
	}
	return 0;
}

/* Starts the process with its outputs in the two pipes; our copies of their write ends close. */
static int spawn(const struct process_options *options, int output[2], int errors[2],
		 struct process *ret, struct error *err)
{
	struct process_options piped = *options;
	int rc = make_pipe(output, err);

	if (rc == 0) {
		rc = make_pipe(errors, err);
	}
	if (rc == 0) {
		piped.output_fd = output[1];
		piped.error_fd = errors[1];
		rc = process_spawn(&piped, ret, err);
	}
	guard_close(&output[1]);
	guard_close(&errors[1]);
	return rc;
}

int process_run_options(const struct process_options *options, uint64_t timeout_ms,
			struct process_result *ret, struct error *err)
{
	struct process_result result = {
		.output = BUFFER_INIT(LIMIT_OUTPUT),
		.errors = BUFFER_INIT(LIMIT_OUTPUT),
	};
	struct process process = {.pidfd = -1};
	int output[2] = {-1, -1};
	int errors[2] = {-1, -1};
	uint64_t started = clock_monotonic_ms();
	int rc = spawn(options, output, errors, &process, err);

	if (rc == 0) {
		struct stream streams[2] = {{output[0], &result.output},
					    {errors[0], &result.errors}};

		follow(&process, streams, clock_deadline(timeout_ms));
		uint64_t ms = clock_monotonic_ms() - started;

		process_wait(&process, 0, &result.status);
		result.status.ms = ms;
		drain(&streams[0]);
		drain(&streams[1]);
		output[0] = streams[0].fd;
		errors[0] = streams[1].fd;
	}
	guard_close(&output[0]);
	guard_close(&errors[0]);
	if (rc < 0) {
		process_result_finish(&result);
		return rc;
	}
	*ret = result;
	return 0;
}

static int run_words(const struct strings *words, uint64_t timeout_ms, int interrupts,
		     struct process_result *ret, struct error *err)
{
	/* A list of strings is what execv(3) takes, but for a const. */
	union {
		char *const *in;
		const char *const *out;
	} argv = {.in = words->items};
	struct process_options options = {.argv = argv.out, .interrupts = interrupts};

	return process_run_options(&options, timeout_ms, ret, err);
}

int process_run(const struct strings *words, uint64_t timeout_ms, struct process_result *ret,
		struct error *err)
{
	return run_words(words, timeout_ms, 0, ret, err);
}

int process_run_interruptibly(const struct strings *words, uint64_t timeout_ms, int interrupts,
			      struct process_result *ret, struct error *err)
{
	struct process_result result = {0};
	int rc = run_words(words, timeout_ms, interrupts, &result, err);

	if (rc < 0) {
		return rc;
	}
	if (result.status.interrupted) {
		process_result_finish(&result);
		return error_set(err, -EINTR, "interrupted while %s ran", words->items[0]);
	}
	*ret = result;
	return 0;
}
