/*
 * landlock.h - Landlock (landlock(7), Linux 5.13) for a process that only reads a few files.
 *
 * Debian 12's headers know less than its kernels may: what is used of the interface is declared in
 * landlock.c, and each kernel is asked what it has.
 */
#ifndef RELEASE_FETCH_LANDLOCK_H
#define RELEASE_FETCH_LANDLOCK_H

#include "base/error.h"

/* The version of the kernel's interface; 0: none, or not for us. */
int landlock_version(void);

/*
 * From here on the process opens nothing but what lies at or below paths (NULL at the end; those
 * that do not exist are left out) and that only for reading; no file is made, changed, removed or
 * executed, no TCP port bound, no signal sent and no abstract socket reached outside, each as far
 * as the kernel knows it. no_new_privs has to be set. Returns the version in force, 0 when the
 * kernel has none; a negative errno value when it has one and refused.
 */
MUST_CHECK int landlock_read_only(const char *const *paths, struct error *err);

#endif
