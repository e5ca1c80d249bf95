/*
 * snapshot_tend.c - snapshot_work.h: what is done to a snapshot and its surroundings later. Runs in
 * a child.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/fingerprint.h"
#include "install/snapshot_place.h"
#include "install/snapshot_work.h"
#include "store/store.h"

/* Its index is kept in memory (sqlite.org/wal.html section 8): nobody else opens it, and no -shm
 * appears. Closed, the WAL is gone. */
static int fold_wal(const char *path, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = dbfile_open_live(path, &db, err);

	if (rc == 0 && sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL) != 0) {
		rc = error_set(err, -EIO, "cannot set up %s", path);
	}
	if (rc == 0) {
		rc = store_execute(db,
				   "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"
				   "SELECT count(*) FROM sqlite_master",
				   "reading the snapshot", err);
	}
	if (rc == 0) {
		int failed =
			sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

		rc = failed != SQLITE_OK
			     ? store_error(err, db, failed, "folding the WAL into the snapshot")
			     : 0;
	}
	return rc;
}

static int sync_path(const char *path, struct error *err)
{
	auto_close int fd = file_open(path, err);
	int rc = fd < 0 ? fd : file_sync(fd, path, err);

	return rc == 0 ? file_sync_parent(path, err) : rc;
}

int snapshot_fold(const char *path, struct error *err)
{
	bool has_wal = false;
	int rc = dbfile_has(path, "-wal", &has_wal, err);

	if (rc < 0 || !has_wal) {
		return rc;
	}
	rc = fold_wal(path, err);
	/* An empty WAL is of no interest to SQLite, and stays. */
	if (rc == 0) {
		rc = dbfile_remove(path, "-wal", err);
	}
	return rc == 0 ? sync_path(path, err) : rc;
}

int snapshot_expect(sqlite3 *db, const struct snapshot_job *job, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;
	int rc = dbfile_check(db, err);

	if (rc == 0) {
		rc = fingerprint_make(db, job->database->record, &digest, err);
	}
	if (rc == 0 && strcmp(digest_text(&digest, hex), job->fingerprint) != 0) {
		rc = error_set(err, -EUCLEAN, "its schema is not the one it was taken with");
	}
	return rc;
}

int snapshot_check_copy(const struct snapshot_job *job, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = snapshot_fold(job->path, err);

	if (rc == 0) {
		rc = dbfile_open_copy(job->path, &db, err);
	}
	return rc == 0 ? snapshot_expect(db, job, err) : rc;
}

int snapshot_work_finalize(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	int rc = snapshot_check_copy(job, err);

	(void)output;
	return rc < 0 ? error_prefix(err, "the snapshot %s is of no use", job->path) : 0;
}

int snapshot_work_release(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_place struct snapshot_place place = {0};
	int rc = snapshot_place_find(job->database, job->run, &place, err);

	(void)output;
	if (rc == 0) {
		rc = dbfile_remove(place.aside, "", err);
	}
	return rc == 0 ? dbfile_remove(place.back, "", err) : rc;
}

int snapshot_work_discard(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_place struct snapshot_place place = {0};
	int rc = snapshot_place_find(job->database, job->run, &place, err);

	(void)output;
	if (rc == 0) {
		rc = snapshot_place_clear(&place, err);
	}
	/* What a restore was at when it was killed, and did not need to do again. */
	if (rc == 0) {
		rc = dbfile_remove(place.live, SNAPSHOT_FAILED_NEW, err);
	}
	return rc == 0 ? dbfile_remove(place.restored, "", err) : rc;
}
