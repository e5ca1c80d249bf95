/*
 * download.h - the tarball's bytes, hashed while they arrive, in a file that can no longer change.
 */
#ifndef RELEASE_DOWNLOAD_H
#define RELEASE_DOWNLOAD_H

#include <stdint.h>

#include "base/error.h"
#include "model/release.h"
#include "release/fetch.h"

/* Only release_download() makes one, and only release_unpack() takes one: what was not verified
 * cannot be unpacked. */
struct verified {
	int fd;        /* read-only: a sealed memfd or an unlinked file */
	uint64_t size; /* 0: empty, nothing to give back */
};

struct download_options {
	struct fetcher *fetcher; /* NULL: local files only */
	uint64_t maximum;        /* bytes (max_tarball) */
	const char *spill_dir;   /* where an unlinked file goes when it is too large for memory */
	uint64_t in_memory;      /* most bytes kept in memory; 0: LIMIT_MEMORY_TARBALL */
};

/* Fetches release->tarball, whose hash release_verify() has found. At most an eighth of the free
 * memory is used, whatever in_memory says. -EBADMSG: the hash is not the signed one; -EFBIG: larger
 * than maximum; -ENOSPC. */
MUST_CHECK int release_download(const struct download_options *options,
				const struct release *release, struct verified *ret,
				struct error *err);
void verified_finish(struct verified *verified);
#define auto_verified __attribute__((cleanup(verified_finish)))

#endif
