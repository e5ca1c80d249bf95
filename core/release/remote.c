/*
 * remote.c - remote.h: the updater's side.
 *
 * Nothing that the helper says is believed: it has talked with strangers. What it sends is counted
 * here again, and what it may cost is bounded here.
 */
#include "release/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/process.h"
#include "release/fetch/reply.h"
#include "release/fetch/request.h"
#include "release/url.h"

/* How often the caller is asked whether to go on. */
#define TICK_MS 100
/* The helper's own deadline comes first: it knows better what it was waiting for. */
#define GRACE_MS 500
/* From its last word to its end. */
#define EXIT_MS 2000
#define CHUNK   (64u * KIB)

/* One document on its way, through all attempts. */
struct arrival {
	struct fetcher *fetcher;
	const char *url;
	const struct fetch_sink *sink;
	uint64_t position;
	uint64_t total;
	bool has_total;
	uint64_t attempt;
	char validator[REPLY_VALIDATOR_MAX + 1];
};

static int take_confinement(void *data, const char *text, struct error *err)
{
	struct arrival *arrival = data;

	if (strlen(text) >= CONFINEMENT_TEXT_MAX) {
		return error_set(err, -EPROTO, "the fetch helper says too much");
	}
	memcpy(arrival->fetcher->confinement, text, strlen(text) + 1);
	return 0;
}

static int begin_anew(struct arrival *arrival, struct error *err)
{
	if (arrival->position == 0) {
		return 0;
	}
	arrival->position = 0;
	return arrival->sink->restart(arrival->sink->data, err);
}

static int take_header(void *data, const struct reply_header *header, struct error *err)
{
	struct arrival *arrival = data;
	int rc = 0;

	if (header->start != 0 && header->start != arrival->position) {
		return error_set(err, -EPROTO, "the fetch helper goes on in another place");
	}
	if (header->has_length && header->length > arrival->sink->maximum) {
		return error_set(err, -EFBIG,
				 "it has %" PRIu64 " bytes, only %" PRIu64 " are allowed",
				 header->length, arrival->sink->maximum);
	}
	if (header->start == 0) {
		rc = begin_anew(arrival, err);
	} else if (arrival->sink->joined != NULL) {
		*arrival->sink->joined = true;
	}
	arrival->total = header->length;
	arrival->has_total = header->has_length;
	memcpy(arrival->validator, header->validator, strlen(header->validator) + 1);
	return rc;
}

static int take_bytes(void *data, const void *bytes, size_t length, struct error *err)
{
	struct arrival *arrival = data;
	uint64_t most = arrival->has_total ? arrival->total : arrival->sink->maximum;

	/* take_header() saw to it that position and total are within the maximum. */
	if (arrival->position > most || length > most - arrival->position) {
		return error_set(err, -EFBIG, "it is larger than the %" PRIu64 " bytes %s", most,
				 arrival->has_total ? "announced" : "allowed");
	}
	int rc = arrival->sink->take(arrival->sink->data, bytes, length, err);

	arrival->position += rc == 0 ? length : 0;
	return rc;
}

static int tick(const struct arrival *arrival, struct error *err)
{
	const struct fetch_options *options = &arrival->fetcher->options;
	const struct fetch_progress progress = {
		.done = arrival->position,
		.total = arrival->has_total ? arrival->total : 0,
		.attempt = arrival->attempt,
	};

	return options->tick != NULL ? options->tick(options->tick_data, &progress, err) : 0;
}

static struct fetch_request describe(const struct arrival *arrival)
{
	const struct fetch_options *options = &arrival->fetcher->options;
	bool resumes = arrival->position > 0 && arrival->validator[0] != '\0';

	return (struct fetch_request){
		.url = arrival->url,
		.proxy = options->proxy,
		.validator = resumes ? arrival->validator : "",
		.origin = options->authorization_origin,
		.offset = resumes ? arrival->position : 0,
		.maximum = arrival->sink->maximum,
		.timeout_ms = (uint64_t)clock_left(arrival->fetcher->deadline),
		.connect_timeout_ms = options->connect_timeout_ms,
		.min_rate = options->min_rate,
		.min_rate_window = (options->min_rate_window_ms + 999) / 1000,
		.plain = url_has_scheme(options->manifest, "http"),
		.near = url_has_scheme(options->manifest, "file") ||
			url_is_loopback(options->manifest),
		.has_ca = arrival->fetcher->ca_fd >= 0,
	};
}

static int fill_request(int fd, const struct arrival *arrival, struct error *err)
{
	static const char name[] = FETCH_SECRET_NAME;
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_FETCH_REQUEST);
	const struct authorization *secret = &arrival->fetcher->authorization;
	const struct fetch_request request = describe(arrival);

	if (fetch_request_write(&request, &bytes) < 0 ||
	    buffer_add(&bytes, name, strlen(name)) < 0) {
		return error_set(err, -EINVAL,
				 "it cannot be asked for: an address is too long or "
				 "not plain ASCII");
	}
	int rc = file_write(fd, "request", bytes.data, bytes.length, err);

	if (rc == 0 && secret->length > 0) {
		rc = file_write(fd, "request", secret->line, secret->length, err);
	}
	if (rc == 0) {
		rc = file_write(fd, "request", "\n", 1, err);
	}
	if (rc == 0 &&
	    (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0 ||
	     lseek(fd, 0, SEEK_SET) < 0)) {
		rc = error_set(err, -errno, "cannot seal the request: %s", strerror(errno));
	}
	return rc;
}

static int make_request(const struct arrival *arrival, struct error *err)
{
	auto_close int fd = memfd_create("request", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		return error_set(err, -errno, "cannot make a request: %s", strerror(errno));
	}
	int rc = fill_request(fd, arrival, err);

	return rc < 0 ? rc : take_fd(&fd);
}

/* Starts the helper; *ret_reply is our end of its pipe. */
static int start(const struct arrival *arrival, struct process *ret, int *ret_reply,
		 struct error *err)
{
	static const char *const argv[] = {"fetch", NULL};
	const struct fetcher *fetcher = arrival->fetcher;
	int ends[2];
	auto_close int request = make_request(arrival, err);

	if (request < 0) {
		return request;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		return error_set(err, -errno, "cannot create a pipe: %s", strerror(errno));
	}
	auto_close int reply = ends[0];
	auto_close int theirs = ends[1];
	const struct process_fd fds[] = {
		{request, FETCH_FD_REQUEST},
		{theirs, FETCH_FD_REPLY},
		{fetcher->ca_fd, FETCH_FD_CA},
	};
	const struct process_options options = {
		.argv = argv,
		.by_descriptor = true,
		.exec_fd = fetcher->options.helper_fd,
		.fds = fds,
		.fd_count = fetcher->ca_fd >= 0 ? 3 : 2,
	};
	/* It is shared with earlier attempts' helpers, which have read it to its end. */
	if (fetcher->ca_fd >= 0 && lseek(fetcher->ca_fd, 0, SEEK_SET) < 0) {
		return error_set(err, -errno, "cannot read ca_file: %s", strerror(errno));
	}
	/* Fewer changes between the two processes; a smaller pipe does, too. */
	(void)fcntl(reply, F_SETPIPE_SZ, (int)(16 * CHUNK));
	int rc = process_spawn(&options, ret, err);

	if (rc == 0) {
		*ret_reply = take_fd(&reply);
	}
	return rc;
}

/* Waits for more: 1 when there is something, 0 after a tick without. */
static int wait_for(int fd, uint64_t deadline)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int left = clock_left(deadline);
	int rc = poll(&wait, 1, left < TICK_MS ? left : TICK_MS);

	return rc < 0 && errno == EINTR ? 0 : rc < 0 ? -errno : rc;
}

/* Everything the helper says, until the end of its pipe. */
static int listen_to(const struct arrival *arrival, int fd, struct reply_reader *reader,
		     struct error *err)
{
	uint64_t deadline = arrival->fetcher->deadline + GRACE_MS;
	auto_free char *chunk = malloc(CHUNK);
	int rc = chunk == NULL ? error_no_memory(err) : 0;

	while (rc == 0) {
		rc = tick(arrival, err);
		if (rc < 0) {
			break;
		}
		if (clock_left(deadline) == 0) {
			return error_set(err, -ETIMEDOUT, "the time for all downloads is over");
		}
		int ready = wait_for(fd, deadline);

		if (ready < 0) {
			return error_set(err, ready, "cannot wait: %s", strerror(-ready));
		}
		ssize_t got = ready > 0 ? read(fd, chunk, CHUNK) : -1;

		if (got == 0) {
			break;
		}
		if (got > 0) {
			rc = reply_reader_feed(reader, chunk, (size_t)got, err);
		} else if (ready > 0 && errno != EINTR) {
			rc = error_set(err, -errno, "cannot read: %s", strerror(errno));
		}
	}
	return rc;
}

static int judge(const struct arrival *arrival, const struct reply_reader *reader,
		 const struct process_status *status, struct error *err)
{
	char text[PROCESS_STATUS_TEXT_MAX];
	int rc = reply_reader_finish(reader, err);

	if (rc < 0) {
		return reader->ended ? rc
				     : error_set(err, rc, "the fetch helper %s without a report",
						 process_status_text(status, text));
	}
	if (!process_succeeded(status)) {
		return error_set(err, -EPROTO, "the fetch helper reported success and %s",
				 process_status_text(status, text));
	}
	if (arrival->has_total && arrival->position != arrival->total) {
		return error_set(err, -ECONNRESET,
				 "it ended after %" PRIu64 " of %" PRIu64 " bytes",
				 arrival->position, arrival->total);
	}
	return 0;
}

static int try_once(struct arrival *arrival, struct error *err)
{
	const struct reply_taker taker = {take_confinement, take_header, take_bytes, arrival};
	struct reply_reader reader;
	struct process process = {.pidfd = -1};
	struct process_status status;
	auto_close int reply = -1;
	int rc = start(arrival, &process, &reply, err);

	if (rc < 0) {
		return rc;
	}
	reply_reader_init(&reader, &taker);
	rc = listen_to(arrival, reply, &reader, err);
	/* Whatever went wrong: from here on it must end, and nobody reads its pipe any more. */
	guard_close(&reply);
	process_wait(&process, rc == 0 ? EXIT_MS : 0, &status);
	return rc == 0 ? judge(arrival, &reader, &status, err) : rc;
}

/* A pause that grows, but not beyond the time that is left. */
static int pause_before_retry(const struct arrival *arrival, struct error *err)
{
	uint64_t left = (uint64_t)clock_left(arrival->fetcher->deadline);
	uint64_t pause = arrival->fetcher->options.retry_pause_ms << (arrival->attempt - 1);
	uint64_t until = clock_deadline(pause < left ? pause : left);
	int rc = 0;

	while (rc == 0 && clock_left(until) > 0) {
		int wait = clock_left(until);

		(void)poll(NULL, 0, wait < TICK_MS ? wait : TICK_MS);
		rc = tick(arrival, err);
	}
	return rc;
}

/* May another attempt do better? */
static bool is_worth_a_retry(const struct arrival *arrival, int code)
{
	return reply_may_pass(code) && arrival->attempt <= arrival->fetcher->options.retries &&
	       clock_left(arrival->fetcher->deadline) > 0;
}

static int try_all(struct arrival *arrival, struct error *err)
{
	for (;; arrival->attempt++) {
		int rc = try_once(arrival, err);

		if (rc == 0 || !is_worth_a_retry(arrival, rc)) {
			return rc;
		}
		if (rc == -ERANGE) {
			arrival->validator[0] = '\0';
		}
		rc = pause_before_retry(arrival, err);
		if (rc < 0) {
			return rc;
		}
	}
}

int remote_fetch(struct fetcher *fetcher, const char *url, const struct fetch_sink *sink,
		 struct error *err)
{
	struct arrival arrival = {.fetcher = fetcher, .url = url, .sink = sink, .attempt = 1};

	if (fetcher->options.helper_fd < 0) {
		return error_set(err, -ENOTSUP,
				 "cannot fetch %s: the helper program fetch is not installed; "
				 "install it, or copy the release to a directory and use "
				 "--release DIR",
				 url);
	}
	int rc = try_all(&arrival, err);

	return rc < 0 ? error_prefix(err, "cannot fetch %s", url) : 0;
}
