/*
 * report.c - report.h: frames out.
 */
#include "preflight/host/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "banger/preflight.h"
#include "base/file.h"
#include "base/limits.h"

/* A guard against accidents (close(3), a library that counts on low numbers), not against malice:
 * a plugin that means to lie can do so in its findings. */
#define RESULTS_FD_MIN 50

/* Kept for the helper's own finding and the last frame. */
#define RESERVE (LIMIT_FRAME + 2u * FRAME_HEADER + sizeof(int32_t))

/* The log may not use up what findings need. */
#define LOG_MAX LIMIT_OUTPUT

static int send_bytes(struct report *report, const struct frame *frame, size_t room)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(FRAME_HEADER + LIMIT_FRAME);
	struct error ignored;
	struct frame_sequence after = report->sequence;
	int rc = frame_encode(frame, &bytes);

	if (rc < 0) {
		return rc;
	}
	if (bytes.length > room - report->sent ||
	    frame_sequence_add(&after, frame, bytes.length, &ignored) < 0) {
		return -E2BIG;
	}
	if (file_write(report->fd, "the results", bytes.data, bytes.length, &ignored) < 0) {
		return -EIO;
	}
	report->sent += bytes.length;
	report->sequence = after;
	return 0;
}

int report_open(int fd, struct report *ret)
{
	struct report report = {.fd = fcntl(fd, F_DUPFD_CLOEXEC, RESULTS_FD_MIN)};
	const struct frame hello = {
		.type = FRAME_HELLO,
		.protocol = FRAMES_PROTOCOL,
		.build = PREFLIGHT_BUILD,
	};

	if (report.fd < 0) {
		return -errno;
	}
	(void)close(fd);
	int rc = send_bytes(&report, &hello, LIMIT_FRAMES);

	if (rc < 0) {
		(void)close(report.fd);
		return rc;
	}
	*ret = report;
	return 0;
}

int report_send(struct report *report, const struct frame *frame)
{
	if (report->sent > LIMIT_FRAMES - RESERVE) {
		return -E2BIG;
	}
	if (frame->type == FRAME_LOG) {
		size_t length = strlen(frame->text);

		if (length > LOG_MAX - report->logged) {
			return -E2BIG;
		}
		report->logged += length;
	}
	if (frame->type == FRAME_FINDING && report->sequence.findings >= PF_MAX_FINDINGS) {
		return -E2BIG;
	}
	return send_bytes(report, frame, LIMIT_FRAMES - RESERVE);
}

void report_error(struct report *report, const char *code, const char *text, const char *remedy)
{
	const struct frame finding = {
		.type = FRAME_FINDING,
		.verdict = PF_ERROR,
		.code = code,
		.text = text,
		.remedy = remedy,
	};

	if (send_bytes(report, &finding, LIMIT_FRAMES) < 0) {
		_exit(EXIT_FAILURE);
	}
}

int report_done(struct report *report, int32_t result)
{
	const struct frame done = {.type = FRAME_DONE, .result = result};

	return send_bytes(report, &done, LIMIT_FRAMES);
}
