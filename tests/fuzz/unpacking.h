/*
 * unpacking.h - the unpack helper's reader, called in this process: an archive in, two artifacts
 * ("bangerd" and "banger") out, all of it in memory files.
 */
#ifndef FUZZ_UNPACKING_H
#define FUZZ_UNPACKING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What the helper would report about this archive; 0 only with both artifacts written. */
MUST_CHECK int unpacking_run(const uint8_t *bytes, size_t length, struct error *err);

#endif
