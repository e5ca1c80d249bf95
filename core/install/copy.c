/*
 * copy.c - copy.h: copy_file_range(2), else read and write; compared by the block, written by the
 * page.
 */
#include "install/copy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"

#define PIECE (32u * MIB)
#define BLOCK ((size_t)MIB)
#define PAGE  ((size_t)4096)

/* As much of length as there is; a negative errno value on failure. */
static ssize_t read_block(int fd, unsigned char *bytes, size_t length, uint64_t at)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = pread(fd, bytes + done, length - done, (off_t)(at + done));

		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		if (got == 0) {
			break;
		}
		done += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)done;
}

static int write_block(int fd, const unsigned char *bytes, size_t length, uint64_t at)
{
	for (size_t done = 0; done < length;) {
		ssize_t put = pwrite(fd, bytes + done, length - done, (off_t)(at + done));

		if (put < 0 && errno != EINTR) {
			return -errno;
		}
		if (put == 0) {
			return -EIO;
		}
		done += put > 0 ? (size_t)put : 0;
	}
	return 0;
}

/* How many bytes were copied, 0 at the end of the file. */
static ssize_t copy_block(int from, int to, size_t length, uint64_t at)
{
	auto_free unsigned char *bytes = malloc(BLOCK);

	if (bytes == NULL) {
		return -ENOMEM;
	}
	ssize_t got = read_block(from, bytes, length < BLOCK ? length : BLOCK, at);
	int rc = got > 0 ? write_block(to, bytes, (size_t)got, at) : 0;

	return rc < 0 ? rc : got;
}

static bool needs_reading(int code)
{
	return code == EXDEV || code == EINVAL || code == ENOSYS || code == EOPNOTSUPP;
}

static ssize_t copy_some(int from, int to, size_t length, uint64_t at)
{
	off_t in = (off_t)at;
	off_t out = (off_t)at;
	ssize_t done;

	do {
		done = copy_file_range(from, &in, to, &out, length, 0);
	} while (done < 0 && errno == EINTR);
	if (done < 0) {
		return needs_reading(errno) ? copy_block(from, to, length, at) : -errno;
	}
	return done;
}

static int write_out(int fd, const char *name, struct error *err)
{
	return fdatasync(fd) < 0 ? error_set(err, -errno, "cannot write %s to disk: %s", name,
					     strerror(errno))
				 : 0;
}

int copy_range(int from, int to, uint64_t offset, uint64_t end, const char *name, uint64_t *ret_end,
	       struct error *err)
{
	uint64_t written_out = offset;
	uint64_t at = offset;
	ssize_t done = 1;
	int rc = 0;

	while (rc == 0 && done > 0 && at < end) {
		uint64_t length = end - at < PIECE ? end - at : PIECE;

		done = copy_some(from, to, (size_t)length, at);
		if (done < 0) {
			return error_set(err, (int)done, "cannot write %s: %s", name,
					 strerror((int)-done));
		}
		at += (uint64_t)done;
		if (at - written_out >= PIECE) {
			rc = write_out(to, name, err);
			written_out = at;
		}
	}
	if (rc == 0 && at > written_out) {
		rc = write_out(to, name, err);
	}
	*ret_end = at;
	return rc;
}

/* Writes the pages of a block that are not the same in the copy, which has had bytes there. */
static int patch_block(int to, const unsigned char *wanted, size_t length,
		       const unsigned char *there, size_t had, uint64_t at)
{
	int rc = 0;

	if (had >= length && memcmp(wanted, there, length) == 0) {
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < length; i += PAGE) {
		size_t part = length - i < PAGE ? length - i : PAGE;

		if (had < i + part || memcmp(wanted + i, there + i, part) != 0) {
			rc = write_block(to, wanted + i, part, at + i);
		}
	}
	return rc;
}

/* The length that from turned out to have, or a negative errno value. */
static int64_t patch_all(int from, int to, unsigned char *wanted, unsigned char *there)
{
	for (uint64_t at = 0;; at += BLOCK) {
		ssize_t length = read_block(from, wanted, BLOCK, at);
		ssize_t had = length <= 0 ? 0 : read_block(to, there, (size_t)length, at);

		if (length < 0 || had < 0) {
			return length < 0 ? length : had;
		}
		int rc = patch_block(to, wanted, (size_t)length, there, (size_t)had, at);

		if (rc < 0) {
			return rc;
		}
		if (length < (ssize_t)BLOCK) {
			return (int64_t)at + length;
		}
	}
}

int copy_patch(int from, int to, const char *name, struct error *err)
{
	auto_free unsigned char *wanted = malloc(BLOCK);
	auto_free unsigned char *there = malloc(BLOCK);

	if (wanted == NULL || there == NULL) {
		return error_no_memory(err);
	}
	int64_t length = patch_all(from, to, wanted, there);

	if (length >= 0 && ftruncate(to, (off_t)length) < 0) {
		length = -errno;
	}
	return length < 0 ? error_set(err, (int)length, "cannot bring %s up to date: %s", name,
				      strerror((int)-length))
			  : 0;
}
