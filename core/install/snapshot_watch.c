/*
 * snapshot_watch.c - snapshot_watch.h: a look at two lock bytes and two sizes.
 */
#include "install/snapshot_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "install/wal.h"
#include "model/room.h"

#define BLOCKED_MS 100

int snapshot_watch_open(struct snapshot_watch *watch, const struct snapshot_place *place,
			struct error *err)
{
	struct stat st;
	uint64_t quarter = lstat(place->live, &st) == 0 ? (uint64_t)st.st_size / 4 : 0;

	/* Closing it costs no lock: this process has none. */
	int shm = file_open(place->shm, err);

	if (shm < 0) {
		return shm;
	}
	*watch = (struct snapshot_watch){
		.place = place,
		.shm = shm,
		.wal_most = quarter > LIMIT_WAL_GROWTH ? quarter : LIMIT_WAL_GROWTH,
		.free_least = ROOM_SPARE / 2,
	};
	return 0;
}

void snapshot_watch_close(struct snapshot_watch *watch)
{
	guard_close(&watch->shm);
}

/* Who has one byte locked for writing: *ret_pid; 0 and -1 are what other namespaces look like. */
static bool is_locked(int fd, off_t byte, pid_t *ret_pid)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK) {
		return false;
	}
	*ret_pid = lock.l_pid;
	return true;
}

/* One process has the locks of a writer and of a checkpoint, and keeps them. */
static bool is_blocked(struct snapshot_watch *watch, uint64_t now_ms)
{
	pid_t writer = 0;
	pid_t checkpointer = 0;

	if (!is_locked(watch->shm, WAL_LOCK_CHECKPOINT, &checkpointer) ||
	    !is_locked(watch->shm, WAL_LOCK_WRITE, &writer) || writer != checkpointer) {
		watch->blocked_since = 0;
		return false;
	}
	if (watch->blocked_since == 0) {
		watch->blocked_since = now_ms;
	}
	return now_ms - watch->blocked_since >= BLOCKED_MS;
}

const char *snapshot_watch_look(struct snapshot_watch *watch, uint64_t now_ms)
{
	struct statvfs fs;
	struct stat st;

	if (is_blocked(watch, now_ms)) {
		return "a checkpoint of its daemon waited for us";
	}
	if (lstat(watch->place->wal, &st) == 0 && (uint64_t)st.st_size > watch->wal_most) {
		return "its WAL grew too large meanwhile";
	}
	if (statvfs(watch->place->directory, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < watch->free_least) {
		return "the disk got full meanwhile";
	}
	return NULL;
}
