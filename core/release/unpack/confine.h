/*
 * confine.h - giving up every right that reading an archive does not need.
 */
#ifndef RELEASE_UNPACK_CONFINE_H
#define RELEASE_UNPACK_CONFINE_H

#include <stdint.h>

#include "base/error.h"

/*
 * Closes every descriptor from first_unused on and drops what can be dropped, for good: new
 * privileges, root, new processes and files, memory, processor time, files beyond file_maximum
 * bytes. Nothing is read from the archive before this succeeded.
 */
MUST_CHECK int confine(int first_unused, uint64_t file_maximum, struct error *err);

#endif
