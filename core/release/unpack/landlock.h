/*
 * landlock.h - giving up the file system, TCP and signals by Landlock (landlock(7)).
 */
#ifndef RELEASE_UNPACK_LANDLOCK_H
#define RELEASE_UNPACK_LANDLOCK_H

#include <stdbool.h>

/* The kernel's Landlock ABI; 0 when it has none, was started without, or refuses it to us. */
int landlock_abi(void);

/*
 * Takes every right that this kernel's Landlock knows from the calling thread and what it starts,
 * for good. Descriptors that are open stay usable. Needs PR_SET_NO_NEW_PRIVS and one descriptor.
 * False: nothing was taken.
 */
bool landlock_deny_all(void);

#endif
