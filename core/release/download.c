/*
 * download.c - download.h: hashed while it arrives, first in memory, then (when it grows too
 * large) in an unlinked file. Before it is handed out, nobody can write to it any more.
 */
#include "release/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "release/fetch.h"

/* Of the memory that is free. */
#define MEMORY_SHARE 8u
/* How much of a hash a sentence shows. */
#define DIGEST_SHOWN 16

struct arrival {
	const struct download_options *options;
	const char *url;
	struct hasher hasher;
	int fd;
	bool in_memory;
	uint64_t memory_limit;
	uint64_t size;
	bool joined;  /* of several answers that the server said were of one file */
	bool retried; /* so this time nothing may be joined */
};

/* MemAvailable of /proc/meminfo in bytes; 0 (so: nothing in memory) when it cannot be read. */
static uint64_t available_memory(void)
{
	auto_buffer struct buffer text = BUFFER_INIT(64u * KIB);
	struct error ignored;

	if (file_read_path("/proc/meminfo", &text, &ignored) < 0) {
		return 0;
	}
	const char *at = strstr(buffer_text(&text), "MemAvailable:");

	return at == NULL ? 0 : strtoull(at + strlen("MemAvailable:"), NULL, 10) * KIB;
}

static uint64_t memory_limit(const struct download_options *options)
{
	uint64_t wanted = options->in_memory > 0 ? options->in_memory : LIMIT_MEMORY_TARBALL;
	uint64_t share = available_memory() / MEMORY_SHARE;

	return wanted < share ? wanted : share;
}

/* Where O_TMPFILE is not known (older overlayfs, NFS), a name that is removed at once. */
static int create_and_unlink(const char *directory)
{
	auto_free char *path = path_join(directory, ".download-XXXXXX");

	if (path == NULL) {
		return -ENOMEM;
	}
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0) {
		return -errno;
	}
	(void)unlink(path);
	return fd;
}

static int open_spill(const char *directory, struct error *err)
{
	if (directory == NULL) {
		return error_set(err, -ENOSPC, "the tarball is too large to be kept in memory");
	}
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		fd = create_and_unlink(directory);
	}
	if (fd < 0) {
		return error_set(err, fd, "cannot create a file in %s: %s", directory,
				 strerror(-fd));
	}
	return fd;
}

/* From memory to a file, with what has arrived so far. */
static int spill(struct arrival *arrival, struct error *err)
{
	auto_close int fd = open_spill(arrival->options->spill_dir, err);

	if (fd < 0) {
		return fd;
	}
	if (arrival->fd >= 0) {
		int rc = file_copy(arrival->fd, fd, arrival->url, err);

		if (rc < 0) {
			return rc;
		}
		(void)close(arrival->fd);
		arrival->fd = -1;
	}
	if (lseek(fd, (off_t)arrival->size, SEEK_SET) < 0) {
		return error_set(err, -errno, "cannot seek: %s", strerror(errno));
	}
	arrival->fd = take_fd(&fd);
	arrival->in_memory = false;
	return 0;
}

static int take(void *data, const void *bytes, size_t length, struct error *err)
{
	struct arrival *arrival = data;
	int rc = 0;

	if (arrival->in_memory && arrival->size + length > arrival->memory_limit) {
		rc = spill(arrival, err);
	}
	if (rc == 0) {
		rc = hasher_add(&arrival->hasher, bytes, length, err);
	}
	if (rc == 0) {
		rc = file_write(arrival->fd, "the downloaded tarball", bytes, length, err);
	}
	if (rc == 0) {
		arrival->size += length;
	}
	return rc;
}

/* What arrived is not what it was taken for: the document begins anew. */
static int restart(void *data, struct error *err)
{
	struct arrival *arrival = data;

	hasher_finish(&arrival->hasher);
	if (ftruncate(arrival->fd, 0) < 0 || lseek(arrival->fd, 0, SEEK_SET) < 0) {
		return error_set(err, -errno, "cannot empty the downloaded tarball: %s",
				 strerror(errno));
	}
	arrival->size = 0;
	return hasher_init(&arrival->hasher, err);
}

static int begin(struct arrival *arrival, struct error *err)
{
	int rc = hasher_init(&arrival->hasher, err);

	if (rc < 0) {
		return rc;
	}
	arrival->memory_limit = memory_limit(arrival->options);
	arrival->fd = memfd_create("tarball", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	arrival->in_memory = arrival->fd >= 0;
	return arrival->in_memory ? 0 : spill(arrival, err);
}

static int check_hash(struct arrival *arrival, const struct digest *expected, struct error *err)
{
	char is[DIGEST_HEX_SIZE];
	char should[DIGEST_HEX_SIZE];
	struct digest found;
	int rc = hasher_result(&arrival->hasher, &found, err);

	if (rc < 0 || memcmp(found.bytes, expected->bytes, DIGEST_SIZE) == 0) {
		return rc;
	}
	return error_set(
		err, -EBADMSG,
		"%s has SHA-256 %.*s..., the signed sums say %.*s...: the file was changed "
		"or is incomplete",
		arrival->url, DIGEST_SHOWN, digest_text(&found, is), DIGEST_SHOWN,
		digest_text(expected, should));
}

/* Sealed where that exists, and in any case reachable only through a read-only descriptor. */
static int freeze(struct arrival *arrival, int *ret, struct error *err)
{
	char path[64];

	if (arrival->in_memory &&
	    fcntl(arrival->fd, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
		return error_set(err, -errno, "cannot seal the tarball: %s", strerror(errno));
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", arrival->fd);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return error_set(err, -errno, "cannot reopen the tarball through %s: %s", path,
				 strerror(errno));
	}
	*ret = fd;
	return 0;
}

/* The whole tarball, hashed as a whole. */
static int receive_whole(struct arrival *arrival, const struct digest *expected, struct error *err)
{
	const struct fetch_sink sink = {
		.take = take,
		.restart = restart,
		.data = arrival,
		.maximum = arrival->options->maximum,
		.joined = arrival->retried ? NULL : &arrival->joined,
	};
	int rc = fetch(arrival->options->fetcher, arrival->url, &sink, err);

	return rc == 0 ? check_hash(arrival, expected, err) : rc;
}

static int receive(struct arrival *arrival, const struct digest *expected, int *ret,
		   struct error *err)
{
	int rc = begin(arrival, err);

	if (rc == 0) {
		rc = receive_whole(arrival, expected, err);
	}
	/* Parts of two files were joined, although the server said it was one. */
	if (rc == -EBADMSG && arrival->joined) {
		arrival->retried = true;
		rc = restart(arrival, err);
		if (rc == 0) {
			rc = receive_whole(arrival, expected, err);
		}
	}
	if (rc == 0 && arrival->size == 0) {
		rc = error_set(err, -EBADMSG, "%s is empty", arrival->url);
	}
	return rc == 0 ? freeze(arrival, ret, err) : rc;
}

int release_download(const struct download_options *options, const struct release *release,
		     struct verified *ret, struct error *err)
{
	struct arrival arrival = {.options = options, .url = release->tarball, .fd = -1};
	int fd = -1;
	int rc = receive(&arrival, &release->tarball_digest, &fd, err);

	hasher_finish(&arrival.hasher);
	if (arrival.fd >= 0) {
		(void)close(arrival.fd);
	}
	if (rc < 0) {
		return rc == -EFBIG ? error_prefix(err, "the tarball is refused (max_tarball)")
				    : rc;
	}
	*ret = (struct verified){fd, arrival.size};
	return 0;
}

void verified_finish(struct verified *verified)
{
	if (verified->size > 0) {
		(void)close(verified->fd);
	}
	*verified = (struct verified){.fd = -1};
}
