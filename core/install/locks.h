/*
 * locks.h - who has which byte of a file locked, as /proc/locks tells (proc(5)).
 *
 * By inode alone: on btrfs and overlayfs the device there is not stat(2)'s.
 */
#ifndef INSTALL_LOCKS_H
#define INSTALL_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct file_lock {
	pid_t pid; /* -1: an open file description's, whose process is not told */
	bool writes;
	uint64_t inode;
	uint64_t first; /* bytes, both inclusive */
	uint64_t last;
};

struct file_locks {
	struct file_lock *items;
	size_t count;
};
#define auto_locks __attribute__((cleanup(file_locks_finish)))

void file_locks_finish(struct file_locks *locks);

/* One line: 0, or -EINVAL when it tells of no POSIX or OFD lock that is held. */
MUST_CHECK int file_lock_parse(const char *line, struct file_lock *ret);

/* All locks that are held on an inode. */
MUST_CHECK int file_locks_read(uint64_t inode, struct file_locks *ret, struct error *err);

/* The first lock of a process on one of these bytes, or NULL. */
const struct file_lock *file_locks_find(const struct file_locks *locks, pid_t pid, uint64_t first,
					uint64_t last);

/*
 * A process that has the file opened and no lock on byte of the file with inode locked_in, in
 * *ret; 0 when there is none, or none that we may look into.
 */
MUST_CHECK int file_locks_stranger(dev_t device, ino_t inode, uint64_t locked_in, uint64_t byte,
				   pid_t *ret, struct error *err);

#endif
