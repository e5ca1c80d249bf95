/*
 * snapshot_kept.c - snapshot_kept.h: a free name for each, and the same one for the same content.
 */
#include "install/snapshot_kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/snapshot.h"

/* How many different failed databases of one run are kept; then a person has to look. */
#define KEPT_MAX 9

/* What SQLite leaves beside a database and what makes it whole, the database itself last: its name
 * says that all is there. -shm is only a cache. */
static const char *const parts[] = {"-journal", "-wal", ""};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static char *with_suffix(const char *path, const char *suffix)
{
	char *joined = NULL;

	return asprintf(&joined, "%s%s", path, suffix) < 0 ? NULL : joined;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

char *snapshot_kept_name(const char *path, const char *run)
{
	char *name = NULL;

	return asprintf(&name, "%s.failed-%s", path, run) < 0 ? NULL : name;
}

/* PATH.failed-RUN, then PATH.failed-RUN-2 and so on. NULL: no memory. */
static char *kept_name(const char *live, const char *run, unsigned number)
{
	auto_free char *first = snapshot_kept_name(live, run);
	char *name = NULL;

	if (first == NULL || number == 1) {
		return take_pointer(&first);
	}
	return asprintf(&name, "%s-%u", first, number) < 0 ? NULL : name;
}

static int too_many(const char *live, const char *run, struct error *err)
{
	return error_set(err, -EEXIST,
			 "%u failed databases %s.failed-%s are there already; move them away",
			 KEPT_MAX, live, run);
}

int snapshot_keep_copy(const char *live, const char *run, const char *copy, char **ret,
		       struct error *err)
{
	for (unsigned number = 1; number <= KEPT_MAX; number++) {
		auto_free char *name = kept_name(live, run, number);
		bool same = false;
		int rc = 0;

		if (name == NULL) {
			return error_no_memory(err);
		}
		if (is_there(name)) {
			rc = dbfile_same(copy, name, &same, err);
			if (rc == 0 && same) {
				rc = dbfile_remove(copy, "", err);
			}
		} else {
			same = true;
			rc = rename(copy, name) < 0 ? error_set(err, -errno, "cannot name %s: %s",
								name, strerror(errno))
						    : file_sync_parent(name, err);
		}
		if (rc < 0) {
			return rc;
		}
		if (same) {
			*ret = take_pointer(&name);
			return 0;
		}
	}
	return too_many(live, run, err);
}

/* One file of the database under a second name; an own earlier link is fine. */
static int link_part(const char *live, const char *name, const char *part, struct error *err)
{
	auto_free char *from = with_suffix(live, part);
	auto_free char *to = with_suffix(name, part);

	if (from == NULL || to == NULL) {
		return error_no_memory(err);
	}
	if (!is_there(from)) {
		return 0;
	}
	int rc = dbfile_remove(to, "", err);

	if (rc == 0 && link(from, to) < 0) {
		rc = error_set(err, -errno, "cannot keep %s as %s: %s", from, to, strerror(errno));
	}
	return rc;
}

static bool same_file(const char *a, const char *b)
{
	struct stat ours;
	struct stat theirs;

	return lstat(a, &ours) == 0 && lstat(b, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* Is each of the live files that are there kept under that name? */
static bool is_kept_as(const char *live, const char *name)
{
	bool kept = same_file(live, name);

	for (size_t i = 0; kept && i < PART_COUNT - 1; i++) {
		auto_free char *from = with_suffix(live, parts[i]);
		auto_free char *to = with_suffix(name, parts[i]);

		kept = from != NULL && to != NULL && (!is_there(from) || same_file(from, to));
	}
	return kept;
}

/* The first of the run's names that is free, or that has all of it already. */
static int name_raw(const char *live, const char *run, char **ret, struct error *err)
{
	for (unsigned number = 1; number <= KEPT_MAX; number++) {
		auto_free char *name = kept_name(live, run, number);

		if (name == NULL) {
			return error_no_memory(err);
		}
		if (!is_there(name) || is_kept_as(live, name)) {
			*ret = take_pointer(&name);
			return 0;
		}
	}
	return too_many(live, run, err);
}

/* The database's own name is made when those of the other parts are durable. */
static int link_parts(const char *live, const char *name, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < PART_COUNT - 1; i++) {
		rc = link_part(live, name, parts[i], err);
	}
	if (rc == 0) {
		rc = file_sync_parent(live, err);
	}
	if (rc == 0) {
		rc = link_part(live, name, parts[PART_COUNT - 1], err);
	}
	return rc == 0 ? file_sync_parent(live, err) : rc;
}

int snapshot_keep_files(const char *live, const char *run, char **ret, struct error *err)
{
	auto_free char *name = NULL;
	int rc = name_raw(live, run, &name, err);

	/* A call that was interrupted may have removed live names since: what is kept stays. */
	if (rc == 0 && !is_kept_as(live, name)) {
		rc = link_parts(live, name, err);
	}
	if (rc == 0 && is_there(name)) {
		*ret = take_pointer(&name);
	}
	return rc;
}

int snapshot_keeps_files(const char *live, const char *run, bool *ret, struct error *err)
{
	bool kept = false;

	for (unsigned number = 1; !kept && number <= KEPT_MAX; number++) {
		auto_free char *name = kept_name(live, run, number);

		if (name == NULL) {
			return error_no_memory(err);
		}
		kept = same_file(live, name);
	}
	*ret = kept;
	return 0;
}

int snapshot_kept_last(const char *live, const char *run, char **ret, struct error *err)
{
	for (unsigned number = KEPT_MAX; number >= 1; number--) {
		auto_free char *name = kept_name(live, run, number);

		if (name == NULL) {
			return error_no_memory(err);
		}
		if (is_there(name)) {
			*ret = take_pointer(&name);
			return 0;
		}
	}
	return 0;
}
