/*
 * runners.h - who executes a file, whatever pid files say.
 */
#ifndef SERVICE_RUNNERS_H
#define SERVICE_RUNNERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A process whose /proc/PID/exe is the file at path (device and inode), in *ret; 0: none, as far as
 * we may look. */
MUST_CHECK int runners_find(const char *path, pid_t *ret, struct error *err);

/*
 * Ends every process that executes the file at path: SIGTERM, and SIGKILL once timeout_ms are over.
 * For a file that nobody but the release to be ended can execute. *ret_ended says how many there
 * were. -EBUSY: there are ever new ones; -ETIMEDOUT: one did not end even when killed.
 */
MUST_CHECK int runners_end(const char *path, uint64_t timeout_ms, size_t *ret_ended,
			   struct error *err);

#endif
