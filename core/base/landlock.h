/*
 * landlock.h - giving up the file system, TCP and signals by Landlock (landlock(7)).
 */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include <stdbool.h>

/* The kernel's Landlock ABI; 0 with errno when it has none (ENOSYS), was started without
 * (EOPNOTSUPP), or refuses it to us. */
int landlock_abi(void);

/*
 * Takes every right that this kernel's Landlock knows from the calling thread and what it starts,
 * for good. Descriptors that are open stay usable. Needs PR_SET_NO_NEW_PRIVS and one descriptor.
 * False: nothing was taken.
 */
bool landlock_deny_all(void);

/*
 * The same, but what lies at or below paths (NULL behind the last) may still be read, and TCP
 * connections be made. Paths that do not exist are left out; a link stands for what it leads to
 * now. Returns the ABI in force, 0 when nothing was taken.
 */
int landlock_leave_reading(const char *const *paths);

/*
 * Reading and running stay as they are; writing, making (no devices) and removing only at or below
 * paths. TCP, where the kernel's Landlock knows it, only with network. Returns the ABI in force; 0
 * with errno when nothing was taken.
 */
int landlock_leave_writing(const char *const *paths, bool network);

#endif
