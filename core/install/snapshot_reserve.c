/*
 * snapshot_reserve.c - snapshot_reserve.h: how much, whether it is there, and held on to.
 */
#include "install/snapshot_reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "install/dbfile.h"
#include "model/room.h"

static uint64_t size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static struct room find_room(const struct snapshot_place *place, enum rollback_policy on_rollback)
{
	return room_of_database(size_of(place->live) + size_of(place->wal),
				on_rollback != ROLLBACK_NEVER);
}

static uint64_t sum_of(const struct room *room)
{
	return room->copy + room->aside + room->back + ROOM_SPARE;
}

static int no_room(const struct snapshot_place *place, const struct room *room, struct error *err)
{
	struct statvfs fs = {0};

	(void)statvfs(place->directory, &fs);
	return error_set(
		err, -ENOSPC,
		"no room for a snapshot in %s%s: it takes %llu MiB, and %llu MiB are free; "
		"make room and try again",
		place->directory, room->back > 0 ? " and for a rollback" : "",
		(unsigned long long)sum_of(room) / MIB + 1,
		(unsigned long long)fs.f_bavail * fs.f_frsize / MIB);
}

static int allocate(const char *path, uint64_t bytes, struct error *err)
{
	int rc = dbfile_remove(path, "", err);

	if (rc < 0) {
		return rc;
	}
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		return error_set(err, -errno, "cannot create %s: %s", path, strerror(errno));
	}
	do {
		rc = bytes == 0 ? 0 : fallocate(fd, 0, 0, (off_t)bytes);
	} while (rc < 0 && errno == EINTR);
	/* A file system that cannot promise is trusted: there was room a moment ago. */
	if (rc < 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
		return error_set(err, -errno, "cannot reserve %llu MiB as %s: %s",
				 (unsigned long long)bytes / MIB + 1, path, strerror(errno));
	}
	return file_sync(fd, path, err);
}

int snapshot_reserve_make(const struct snapshot_place *place, enum rollback_policy on_rollback,
			  struct error *err)
{
	struct room room = find_room(place, on_rollback);
	struct statvfs fs;

	if (statvfs(place->directory, &fs) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", place->directory,
				 strerror(errno));
	}
	if ((uint64_t)fs.f_bavail * fs.f_frsize < sum_of(&room)) {
		return no_room(place, &room, err);
	}
	int rc = allocate(place->aside, room.aside, err);

	if (rc == 0) {
		rc = allocate(place->back, room.back, err);
	}
	return rc == -ENOSPC ? no_room(place, &room, err) : rc;
}
