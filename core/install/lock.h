/*
 * lock.h - one run at a time: flock(2) on a file in the state directory, whose holder is named.
 */
#ifndef INSTALL_LOCK_H
#define INSTALL_LOCK_H

#include "base/error.h"

struct lock {
	int fd; /* close-on-exec; -1: not held */
};
#define LOCK_INIT                                                                                  \
	{                                                                                          \
		.fd = -1                                                                           \
	}
#define auto_lock __attribute__((cleanup(lock_release)))

/*
 * Takes state_dir/lock without waiting, but for the end of what a killed holder had started (30 s).
 * state_dir is made (0700, its parents 0755) and, for root, must pass trust_check_chain(). -EBUSY:
 * somebody holds it; the sentence has the holder's pid, run and since when. The file is checked to
 * be still the one at that path after the lock was taken.
 */
MUST_CHECK int lock_take(const char *state_dir, const char *run, struct lock *ret,
			 struct error *err);
void lock_release(struct lock *lock);

#endif
