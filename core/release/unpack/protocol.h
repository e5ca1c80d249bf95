/*
 * protocol.h - what the updater and its unpack helper agree on: descriptors, and the report.
 *
 * Arguments: the maximum of all artifacts together in bytes, then their names. Report: a greeting
 * that carries the build, "held BITS" (enum confinement), then one line, "ok" or "error KIND:
 * reason". Both ends are of one build: a helper with another greeting is not believed.
 */
#ifndef RELEASE_UNPACK_PROTOCOL_H
#define RELEASE_UNPACK_PROTOCOL_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
	UNPACK_FD_ARCHIVE = 3,
	UNPACK_FD_REPORT = 4,
	UNPACK_FD_FIRST = 5, /* of the artifacts, in the order of their names */
};

#define UNPACK_GREETING "banger-unpack 2 " BANGER_VERSION "\n"

/* "user, landlock, seccomp" for the bits of enum confinement (unpack/confine.h); "nothing". */
#define PROTOCOL_HELD_MAX 64
const char *protocol_held_text(unsigned held, char text[PROTOCOL_HELD_MAX]);

/* Appends greeting and what held the helper. */
MUST_CHECK int protocol_add_start(struct buffer *report, unsigned held);

/* Appends the line that tells how it went; failure is NULL for success. */
MUST_CHECK int protocol_add_outcome(struct buffer *report, const struct error *failure);

/* 0 when the report is complete and says ok; *ret_held is what it says held the helper. Otherwise
 * the helper's own code and reason (-EBADMSG, -EFBIG, -ENOSPC, -ENOMEM, -EIO), or -EPROTO when it
 * is no report of this build's helper. */
MUST_CHECK int protocol_read(const char *bytes, size_t length, unsigned *ret_held,
			     struct error *err);

#endif
