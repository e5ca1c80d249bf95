/*
 * download.h - the tarball's bytes, hashed while they arrive, in a file that can no longer change.
 */
#ifndef RELEASE_DOWNLOAD_H
#define RELEASE_DOWNLOAD_H

#include <stdint.h>

#include "base/error.h"
#include "model/release.h"

/* Only release_download() makes one, and only release_unpack() takes one: what was not verified
 * cannot be unpacked. */
struct verified {
	int fd; /* sealed memfd, or an unlinked read-only file */
	uint64_t size;
};

struct download_options {
	uint64_t maximum;       /* bytes (max_tarball) */
	const char *spill_dir;  /* where an unlinked file goes when it is too large for a memfd */
};

/* -EBADMSG: the hash is not the signed one; -EFBIG: larger than maximum. */
MUST_CHECK int release_download(const struct download_options *options,
				const struct release *release, struct verified *ret,
				struct error *err);
void verified_finish(struct verified *verified);
#define auto_verified __attribute__((cleanup(verified_finish)))

#endif
