/*
 * fetch.c - fetch.h: who may be asked for what, the table of schemes, and reading a local file.
 */
#include "release/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/trust.h"
#include "release/remote.h"
#include "release/url.h"

#define CHUNK (256u * KIB)

struct scheme {
	const char *name;
	int (*fetch)(struct fetcher *fetcher, const char *url, const struct fetch_sink *sink,
		     struct error *err);
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

static int fetch_file(struct fetcher *fetcher, const char *url, const struct fetch_sink *sink,
		      struct error *err)
{
	(void)fetcher;
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
	{"https", remote_fetch},
	{"http", remote_fetch},
};

/* What a manifest over one scheme may name: itself, and the safer one. A row for each pair. */
static const struct {
	const char *manifest;
	const char *named;
} allowed[] = {
	{"https", "https"}, {"http", "http"},  {"http", "https"},
	{"file", "file"},   {"file", "https"},
};

static const struct scheme *find_scheme(const char *url)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (url_has_scheme(url, schemes[i].name)) {
			return &schemes[i];
		}
	}
	return url_scheme_length(url) == 0 ? &schemes[0] : NULL;
}

static int check_allowed(const struct fetcher *fetcher, const char *url,
			 const struct scheme *scheme, struct error *err)
{
	if (fetcher == NULL) {
		return scheme == &schemes[0]
			       ? 0
			       : error_set(err, -EPROTO,
					   "%s is refused: a local release names only local files",
					   url);
	}
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (url_has_scheme(fetcher->options.manifest, allowed[i].manifest) &&
		    strcmp(scheme->name, allowed[i].named) == 0) {
			return 0;
		}
	}
	return error_set(err, -EPROTO, "%s is refused: the manifest %s must not lead to %s", url,
			 fetcher->options.manifest, scheme->name);
}

int fetch(struct fetcher *fetcher, const char *url, const struct fetch_sink *sink,
	  struct error *err)
{
	const struct scheme *scheme = find_scheme(url);

	if (scheme == NULL) {
		return error_set(err, -ENOTSUP,
				 "cannot fetch %s: only https, http and file addresses are "
				 "understood",
				 url);
	}
	int rc = check_allowed(fetcher, url, scheme, err);

	return rc == 0 ? scheme->fetch(fetcher, url, sink, err) : rc;
}

/* A document and how long the buffer was before it. */
struct addition {
	struct buffer *buffer;
	size_t before;
};

static int add_to_buffer(void *data, const void *bytes, size_t length, struct error *err)
{
	struct addition *addition = data;

	return buffer_add(addition->buffer, bytes, length) < 0 ? error_no_memory(err) : 0;
}

static int cut_buffer(void *data, struct error *err)
{
	struct addition *addition = data;

	(void)err;
	if (addition->buffer->data != NULL) {
		addition->buffer->length = addition->before;
		addition->buffer->data[addition->before] = '\0';
	}
	return 0;
}

int fetch_document(struct fetcher *fetcher, const char *url, struct buffer *buffer,
		   struct error *err)
{
	struct addition addition = {buffer, buffer->length};
	const struct fetch_sink sink = {
		.take = add_to_buffer,
		.restart = cut_buffer,
		.data = &addition,
		.maximum = buffer->maximum - buffer->length,
	};

	return fetch(fetcher, url, &sink, err);
}

static int open_certificates(const struct fetch_options *options, struct error *err)
{
	int rc = options->check_trust ? trust_check_chain(options->ca_file, geteuid(), err) : 0;

	return rc == 0 ? open_file(options->ca_file, err) : rc;
}

static int open_means(struct fetcher *fetcher, struct error *err)
{
	const struct fetch_options *options = &fetcher->options;
	int rc = 0;

	if (options->ca_file != NULL) {
		rc = open_certificates(options, err);
		if (rc < 0) {
			return error_prefix(err, "ca_file");
		}
		fetcher->ca_fd = rc;
	}
	if (options->authorization_file != NULL &&
	    !url_has_scheme(options->authorization_origin, "https")) {
		return error_set(err, -EINVAL,
				 "authorization_file is for https: %s would show the secret to "
				 "everybody on the way",
				 options->authorization_origin);
	}
	if (options->authorization_file != NULL) {
		rc = authorization_read(options->authorization_file, options->check_trust,
					&fetcher->authorization, err);
		if (rc < 0) {
			return error_prefix(err, "authorization_file");
		}
	}
	return 0;
}

int fetcher_open(const struct fetch_options *options, struct fetcher **ret, struct error *err)
{
	auto_fetcher struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (fetcher == NULL) {
		return error_no_memory(err);
	}
	fetcher->options = *options;
	fetcher->deadline = clock_deadline(options->timeout_ms);
	fetcher->ca_fd = -1;
	int rc = open_means(fetcher, err);

	if (rc == 0) {
		*ret = take_pointer(&fetcher);
	}
	return rc;
}

void fetcher_close(struct fetcher **fetcher)
{
	if (*fetcher != NULL) {
		authorization_finish(&(*fetcher)->authorization);
		guard_close(&(*fetcher)->ca_fd);
		free(*fetcher);
		*fetcher = NULL;
	}
}

const char *fetcher_confinement(const struct fetcher *fetcher)
{
	return fetcher->confinement;
}
