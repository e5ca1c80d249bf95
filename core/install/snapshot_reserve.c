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

struct sizes {
	uint64_t copy;
	uint64_t aside;
	uint64_t back;
};

static uint64_t size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Going back writes every page to a journal or WAL first, whose frames are larger than pages by at
 * most a twentieth. */
static struct sizes find_sizes(const struct snapshot_place *place)
{
	uint64_t whole = size_of(place->live) + size_of(place->wal);

	return (struct sizes){.copy = whole, .aside = whole, .back = whole + whole / 20};
}

uint64_t snapshot_reserve_needs(const struct snapshot_place *place)
{
	struct sizes sizes = find_sizes(place);

	return sizes.copy + sizes.aside + sizes.back + SNAPSHOT_SPARE;
}

static int no_room(const struct snapshot_place *place, struct error *err)
{
	struct statvfs fs = {0};

	(void)statvfs(place->directory, &fs);
	return error_set(err, -ENOSPC,
			 "no room for a snapshot in %s and for a rollback: it takes %llu MiB, and "
			 "%llu MiB are free; make room and try again",
			 place->directory,
			 (unsigned long long)snapshot_reserve_needs(place) / MIB + 1,
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

int snapshot_reserve_make(const struct snapshot_place *place, struct error *err)
{
	struct sizes sizes = find_sizes(place);
	struct statvfs fs;

	if (statvfs(place->directory, &fs) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", place->directory,
				 strerror(errno));
	}
	if ((uint64_t)fs.f_bavail * fs.f_frsize < snapshot_reserve_needs(place)) {
		return no_room(place, err);
	}
	int rc = allocate(place->aside, sizes.aside, err);

	if (rc == 0) {
		rc = allocate(place->back, sizes.back, err);
	}
	return rc == -ENOSPC ? no_room(place, err) : rc;
}
