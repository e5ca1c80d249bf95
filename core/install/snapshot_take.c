/*
 * snapshot_take.c - snapshot_work.h: a fingerprint, and a copy taken. Runs in a child.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/fingerprint.h"
#include "install/snapshot_place.h"
#include "install/snapshot_work.h"
#include "store/store.h"

/* Room for what SQLite and the file system need beside the pages. */
#define MIB_BYTES   UINT64_C(1048576)
#define SPARE_BYTES MIB_BYTES

static int answer_fingerprint(const struct digest *digest, struct buffer *output, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];

	return buffer_add_format(output, "%s", digest_text(digest, hex)) < 0 ? error_no_memory(err)
									     : 0;
}

int snapshot_work_fingerprint(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_free char *live = NULL;
	auto_store sqlite3 *db = NULL;
	struct digest digest;
	bool exists = false;
	int rc = dbfile_resolve(job->database->path, &live, err);

	if (rc == 0) {
		rc = dbfile_look(live, DBFILE_ONE_LINK, &exists, err);
	}
	if (rc == 0 && !exists) {
		rc = error_set(err, -ENOENT, "%s does not exist", live);
	}
	if (rc == 0) {
		rc = dbfile_open_live(live, &db, err);
	}
	if (rc == 0) {
		rc = fingerprint_make(db, job->database->record, &digest, err);
	}
	return rc == 0 ? answer_fingerprint(&digest, output, err) : rc;
}

/* The bytes a file has, 0 for a missing one. */
static uint64_t size_of(const char *path, const char *suffix)
{
	auto_free char *name = NULL;
	struct stat st;

	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		name = NULL;
		return 0;
	}
	return lstat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int check_space(const struct snapshot_place *place, struct error *err)
{
	uint64_t needed = size_of(place->live, "") + size_of(place->live, "-wal") + SPARE_BYTES;
	struct statvfs fs;

	if (statvfs(place->directory, &fs) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", place->directory,
				 strerror(errno));
	}
	uint64_t available = (uint64_t)fs.f_bavail * fs.f_frsize;

	if (available < needed) {
		return error_set(
			err, -ENOSPC,
			"no room for a snapshot in %s: it takes %llu MiB, and %llu MiB are "
			"free; make room and try again",
			place->directory, (unsigned long long)needed / MIB_BYTES + 1,
			(unsigned long long)available / MIB_BYTES);
	}
	return 0;
}

static int copy_live(const struct snapshot_place *place, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	struct stat st;

	if (lstat(place->live, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", place->live,
				 strerror(errno));
	}
	int rc = dbfile_remove(place->temporary, "", err);

	if (rc == 0) {
		rc = dbfile_open_live(place->live, &db, err);
	}
	return rc == 0 ? dbfile_copy(db, place->temporary, st.st_mode & 0777, err) : rc;
}

static int check_copy(const struct snapshot_place *place, const char *record, struct digest *ret,
		      struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = dbfile_open_copy(place->temporary, &db, err);

	return rc == 0 ? dbfile_check(db, record, ret, err) : rc;
}

static int make_copy(const struct snapshot_place *place, const char *record, struct digest *ret,
		     struct error *err)
{
	int rc = copy_live(place, err);

	if (rc == 0) {
		rc = check_copy(place, record, ret, err);
	}
	if (rc == 0 && rename(place->temporary, place->copy) < 0) {
		rc = error_set(err, -errno, "cannot name the snapshot %s: %s", place->copy,
			       strerror(errno));
	}
	return rc == 0 ? file_sync_directory(place->run, err) : rc;
}

static int take(const struct snapshot_job *job, const struct snapshot_place *place,
		struct buffer *output, struct error *err)
{
	struct digest digest;
	struct error ignored;
	int rc = check_space(place, err);

	if (rc == 0) {
		rc = snapshot_place_make(place, job->run, err);
	}
	if (rc < 0) {
		return rc;
	}
	rc = make_copy(place, job->database->record, &digest, err);
	if (rc < 0) {
		(void)!snapshot_place_clear(place, &ignored);
		return rc;
	}
	rc = answer_fingerprint(&digest, output, err);
	if (rc == 0 && buffer_add_format(output, " %s", place->copy) < 0) {
		rc = error_no_memory(err);
	}
	return rc;
}

int snapshot_work_take(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_place struct snapshot_place place = {0};
	bool exists = false;
	int rc = snapshot_place_find(job->database, job->run, &place, err);

	if (rc == 0) {
		rc = dbfile_look(place.live, DBFILE_ONE_LINK, &exists, err);
	}
	if (rc < 0 || exists) {
		return rc < 0 ? rc : take(job, &place, output, err);
	}
	if (!job->database->missing_ok) {
		return error_set(err, -ENOENT,
				 "%s does not exist; if that is right, say missing = ok",
				 place.live);
	}
	return 0;
}

int snapshot_work_plan(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_place struct snapshot_place place = {0};
	int rc = snapshot_place_find(job->database, job->run, &place, err);

	if (rc == 0 && buffer_add_format(output, "%s", place.copy) < 0) {
		rc = error_no_memory(err);
	}
	return rc;
}

int snapshot_work_discard(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_place struct snapshot_place place = {0};
	int rc = snapshot_place_find(job->database, job->run, &place, err);

	(void)output;
	return rc == 0 ? snapshot_place_clear(&place, err) : rc;
}
