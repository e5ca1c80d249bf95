/*
 * stream.h - the archive with its compression taken off: exactly one layer of gzip, zstd or xz.
 *
 * It keeps count of what went through, so that whoever reads the archive's format out of it can
 * afterwards be asked what lies behind the end of that: nothing but zeros, and no byte more in the
 * file than the compression used.
 */
#ifndef RELEASE_UNPACK_STREAM_H
#define RELEASE_UNPACK_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct stream;

/* Reads fd from offset 0 on; more than maximum decompressed bytes are an error. */
MUST_CHECK int stream_open(int fd, uint64_t maximum, struct stream **ret, struct error *err);
void stream_close(struct stream *stream);

/* The next piece, valid until the next call; *ret_length 0 at the end. -EBADMSG, -EFBIG, -ENOMEM,
 * -EIO. */
MUST_CHECK int stream_next(struct stream *stream, const void **ret, size_t *ret_length,
			   struct error *err);

/* Reads to the end. -EBADMSG unless the decompressed bytes from offset on are at least two blocks,
 * all of zeros, and the compressed file ends with them. */
MUST_CHECK int stream_check_end(struct stream *stream, uint64_t offset, struct error *err);

#endif
