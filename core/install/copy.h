/*
 * copy.h - a growing or changing file copied, at a pace that leaves the disk to others.
 *
 * One fsync at the end of a large copy would stall everybody else's for as long as it takes; so
 * every piece is written out before the next one.
 */
#ifndef INSTALL_COPY_H
#define INSTALL_COPY_H

#include <stdint.h>

#include "base/error.h"

/* From offset up to end, or to the end of the file if that comes first; *ret_end is how far it got.
 * Written out, piece by piece. name is for the sentence. */
MUST_CHECK int copy_range(int from, int to, uint64_t offset, uint64_t end, const char *name,
			  uint64_t *ret_end, struct error *err);

/* Makes to, an earlier copy, equal to from, writing only what differs. Not yet synced. */
MUST_CHECK int copy_patch(int from, int to, const char *name, struct error *err);

#endif
