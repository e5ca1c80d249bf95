/*
 * pidfile.h - the process that a pid file names, and whether it is alive.
 */
#ifndef SERVICE_PIDFILE_H
#define SERVICE_PIDFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "service/manager.h"

/* What a pid file said at one moment; equal values: nobody has written it since. */
struct pidfile {
	pid_t pid; /* 0: missing or empty */
	ino_t inode;
	int64_t mtime_ns;
};

/* A missing or empty file (its writer is about to fill it, or a power cut emptied it) is pid 0.
 * -EINVAL: anything but one process number, ours, or init's. */
MUST_CHECK int pidfile_read(const char *path, struct pidfile *ret, struct error *err);
bool pidfile_equal(const struct pidfile *a, const struct pidfile *b);

/* A descriptor of the process (pidfd_open(2)) and its identity; *ret_fd = -1 and pid 0 when it is
 * gone, a zombie, or no process. */
MUST_CHECK int pidfile_open_process(pid_t pid, int *ret_fd, struct service_process *ret,
				    struct error *err);

/* Waits until the process is gone: 0, -ETIMEDOUT. */
MUST_CHECK int pidfile_await_end(int pidfd, uint64_t deadline);

/* Whether the process was there already when the file was last written; if not, its number was
 * recycled and it is somebody else. */
bool pidfile_fits(const struct pidfile *file, const struct service_process *process);

#endif
