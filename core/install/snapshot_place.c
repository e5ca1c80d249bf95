/*
 * snapshot_place.c - snapshot_place.h: names, and the directories they lie in.
 */
#include "install/snapshot_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/private.h"

void snapshot_place_finish(struct snapshot_place *place)
{
	free(place->live);
	free(place->wal);
	free(place->shm);
	free(place->directory);
	free(place->snapshots);
	free(place->run);
	free(place->copy);
	free(place->copy_wal);
	free(place->temporary);
	free(place->aside);
	free(place->back);
	free(place->restored);
	*place = (struct snapshot_place){0};
}

/* first, infix, last in one string; NULL: no memory. */
static char *joined(const char *first, const char *infix, const char *last)
{
	char *name = NULL;

	return asprintf(&name, "%s%s%s", first, infix, last) < 0 ? NULL : name;
}

static int find_names(const char *name, const char *run, struct snapshot_place *place)
{
	if ((place->wal = joined(place->live, "-wal", "")) == NULL ||
	    (place->shm = joined(place->live, "-shm", "")) == NULL ||
	    (place->directory = path_directory(place->live)) == NULL ||
	    (place->snapshots = path_join(place->directory, SNAPSHOT_DIRECTORY)) == NULL ||
	    (place->run = path_join(place->snapshots, run)) == NULL) {
		return -ENOMEM;
	}
	auto_free char *base = joined(place->run, "/", name);

	if (base == NULL || (place->copy = joined(base, ".db", "")) == NULL ||
	    (place->copy_wal = joined(base, ".db", "-wal")) == NULL ||
	    (place->temporary = joined(base, ".db", ".new")) == NULL ||
	    (place->aside = joined(base, ".aside", "")) == NULL ||
	    (place->back = joined(base, ".back", "")) == NULL ||
	    (place->restored = joined(place->live, ".restored-", run)) == NULL) {
		return -ENOMEM;
	}
	return 0;
}

int snapshot_place_find(const struct database *database, const char *run,
			struct snapshot_place *ret, struct error *err)
{
	auto_place struct snapshot_place place = {0};
	int rc = dbfile_resolve(database->path, &place.live, err);

	if (rc < 0) {
		return rc;
	}
	if (find_names(database->name, run, &place) < 0) {
		return error_no_memory(err);
	}
	/* A copy that SQLite cannot open could never be put back. */
	rc = dbfile_check_length(place.temporary, err);
	if (rc < 0) {
		return rc;
	}
	*ret = place;
	place = (struct snapshot_place){0};
	return 0;
}

int snapshot_place_make(const struct snapshot_place *place, const char *run, struct error *err)
{
	auto_close int directory = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0) {
		return error_set(err, -errno, "cannot open %s: %s", place->directory,
				 strerror(errno));
	}
	auto_close int snapshots =
		private_directory(directory, SNAPSHOT_DIRECTORY, place->snapshots, err);

	if (snapshots < 0) {
		return snapshots;
	}
	auto_close int own = private_directory(snapshots, run, place->run, err);

	if (own < 0) {
		return own;
	}
	int rc = file_sync(snapshots, place->snapshots, err);

	return rc == 0 ? file_sync(directory, place->directory, err) : rc;
}

int snapshot_place_clear(const struct snapshot_place *place, struct error *err)
{
	int rc = dbfile_remove(place->temporary, "", err);

	if (rc == 0) {
		rc = dbfile_remove(place->aside, "", err);
	}
	if (rc == 0) {
		rc = dbfile_remove(place->back, "", err);
	}
	if (rc == 0 && access(place->copy, F_OK) < 0 && errno == ENOENT) {
		rc = dbfile_remove(place->copy_wal, "", err);
	}
	/* As far as they are empty now. */
	(void)rmdir(place->run);
	(void)rmdir(place->snapshots);
	return rc;
}
