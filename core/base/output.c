/*
 * output.c - output.h: fopencookie(3) over poll(2).
 */
#include "base/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

static bool is_ready(struct output *output)
{
	struct pollfd reader = {.fd = output->fd, .events = POLLOUT};
	int rc = 0;

	do {
		rc = poll(&reader, 1, output->left_ms);
	} while (rc < 0 && errno == EINTR);
	output->left_ms = rc > 0 ? output->patience_ms : 0;
	return rc > 0;
}

static ssize_t write_chunk(const struct output *output, const char *bytes, size_t length)
{
	ssize_t put = 0;

	do {
		put = write(output->fd, bytes, length < output->chunk ? length : output->chunk);
	} while (put < 0 && errno == EINTR);
	return put;
}

/* Says that all was written, whatever became of it. */
static ssize_t put(void *cookie, const char *bytes, size_t length)
{
	struct output *output = cookie;
	size_t done = 0;

	while (done < length && is_ready(output)) {
		ssize_t count = write_chunk(output, bytes + done, length - done);

		if (count <= 0) {
			break;
		}
		done += (size_t)count;
	}
	return (ssize_t)length;
}

FILE *output_open(struct output *output, int fd, int patience_ms)
{
	/* A terminal says that it has room for something, a pipe for PIPE_BUF bytes (pipe(7)). */
	*output = (struct output){
		.fd = fd,
		.chunk = isatty(fd) == 1 ? 1 : PIPE_BUF,
		.patience_ms = patience_ms,
		.left_ms = patience_ms,
	};
	FILE *stream = fopencookie(output, "w", (cookie_io_functions_t){.write = put});

	if (stream != NULL) {
		(void)setvbuf(stream, NULL, _IOLBF, 0);
	}
	return stream;
}
