/*
 * confine.h - giving up every right that reading an archive does not need.
 */
#ifndef RELEASE_UNPACK_CONFINE_H
#define RELEASE_UNPACK_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sanitizer.h"

/* Then user, memory, processes and files stay as they are. */
#define CONFINE_IS_PARTIAL SANITIZED_ADDRESSES

/* What holds the helper besides its limits, which always do. */
enum confinement {
	CONFINED_USER = 1 << 0,     /* it is not root */
	CONFINED_LANDLOCK = 1 << 1, /* the kernel denies it every file */
	CONFINED_SECCOMP =
		1 << 2, /* … and every system call that reading an archive does not need */
};

/*
 * Closes every descriptor from first_unused on and drops what can be dropped, for good: new
 * privileges, root, the file system, the network, new processes and files, memory, processor time,
 * files beyond file_maximum bytes. Nothing is read from the archive before this succeeded.
 *
 * Landlock and seccomp do not exist everywhere, and containers refuse them; *ret (bits of enum
 * confinement) tells what is in force. The rest is a must: -EIO without it.
 */
MUST_CHECK int confine(int first_unused, uint64_t file_maximum, unsigned *ret, struct error *err);

#endif
