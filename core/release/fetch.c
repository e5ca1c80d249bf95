/*
 * fetch.c - fetch.h: the table of schemes, and reading a local file.
 */
#include "release/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"
#include "release/url.h"

#define CHUNK (256u * KIB)

struct scheme {
	const char *name;
	int (*fetch)(const char *url, const struct fetch_sink *sink, struct error *err);
};

/* Links are followed: a release directory may have a "latest". O_NONBLOCK: a FIFO must not hang. */
static int open_file(const char *path, struct error *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return error_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
				 "cannot read %s: it is not a regular file", path);
	}
	return take_fd(&fd);
}

/* Up to a whole chunk; 0 at the end of the file. */
static ssize_t read_chunk(int fd, void *chunk)
{
	ssize_t got = 0;

	do {
		got = read(fd, chunk, CHUNK);
	} while (got < 0 && errno == EINTR);
	return got;
}

static int pump(int fd, const char *path, const struct fetch_sink *sink, struct error *err)
{
	auto_free void *chunk = malloc(CHUNK);
	uint64_t total = 0;

	if (chunk == NULL) {
		return error_no_memory(err);
	}
	for (;;) {
		ssize_t got = read_chunk(fd, chunk);

		if (got < 0) {
			return error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
		}
		if (got == 0) {
			return 0;
		}
		if ((uint64_t)got > sink->maximum - total) {
			return error_set(err, -EFBIG, "%s is larger than the %llu bytes allowed",
					 path, (unsigned long long)sink->maximum);
		}
		total += (uint64_t)got;
		int rc = sink->take(sink->data, chunk, (size_t)got, err);

		if (rc < 0) {
			return rc;
		}
	}
}

static int fetch_file(const char *url, const struct fetch_sink *sink, struct error *err)
{
	auto_free char *path = NULL;
	int rc = url_file_path(url, &path, err);

	if (rc < 0) {
		return rc;
	}
	auto_close int fd = open_file(path, err);

	return fd < 0 ? fd : pump(fd, path, sink, err);
}

/* The first row is also the plain path's. */
static const struct scheme schemes[] = {
	{"file", fetch_file},
};

static const struct scheme *find_scheme(const char *url)
{
	size_t length = url_scheme_length(url);

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]) && length > 0; i++) {
		if (strlen(schemes[i].name) == length &&
		    strncasecmp(schemes[i].name, url, length) == 0) {
			return &schemes[i];
		}
	}
	return length == 0 ? &schemes[0] : NULL;
}

int fetch(const char *url, const struct fetch_sink *sink, struct error *err)
{
	const struct scheme *scheme = find_scheme(url);

	if (scheme == NULL) {
		return error_set(err, -ENOTSUP,
				 "cannot fetch %s: this build fetches only file:// URLs; copy the "
				 "release to a directory and use --release DIR",
				 url);
	}
	return scheme->fetch(url, sink, err);
}

static int add_to_buffer(void *data, const void *bytes, size_t length, struct error *err)
{
	struct buffer *buffer = data;

	return buffer_add(buffer, bytes, length) < 0 ? error_no_memory(err) : 0;
}

int fetch_document(const char *url, struct buffer *buffer, struct error *err)
{
	struct fetch_sink sink = {add_to_buffer, buffer, buffer->maximum - buffer->length};

	return fetch(url, &sink, err);
}
