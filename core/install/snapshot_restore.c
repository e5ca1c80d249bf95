/*
 * snapshot_restore.c - snapshot_work.h: a database put back. Runs in a child.
 *
 * First what is there is kept under a name of its own, then the live file is overwritten. A call
 * that was interrupted is repeated whole: what it had kept already is recognised. Only a
 * replacement of the files, once begun, is finished whatever they look like.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/fingerprint.h"
#include "install/snapshot.h"
#include "install/snapshot_kept.h"
#include "install/snapshot_place.h"
#include "install/snapshot_work.h"
#include "store/store.h"

/* A copy of a database that SQLite can read, its WAL folded in. */
static int copy_readable(const char *live, const char *copy, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	struct stat st;

	if (lstat(live, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", live, strerror(errno));
	}
	int rc = dbfile_remove(copy, "", err);

	if (rc == 0) {
		rc = dbfile_open_live(live, &db, err);
	}
	return rc == 0 ? dbfile_copy(db, copy, st.st_mode & 0777, err) : rc;
}

/* The copy beside the live name, with the mode that the database had. */
static int write_beside(const char *copy, const char *beside, struct error *err)
{
	auto_close int from = file_open(copy, err);
	struct stat st;

	if (from < 0) {
		return from;
	}
	int rc = dbfile_remove(beside, "", err);

	if (rc < 0) {
		return rc;
	}
	auto_close int to = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (to < 0 || fstat(from, &st) < 0) {
		return error_set(err, -errno, "cannot create %s: %s", beside, strerror(errno));
	}
	rc = file_copy(from, to, copy, err);
	if (rc == 0 && fchmod(to, st.st_mode & 0777) < 0) {
		rc = error_set(err, -errno, "cannot set the mode of %s: %s", beside,
			       strerror(errno));
	}
	return rc == 0 ? file_sync(to, beside, err) : rc;
}

/* Durable, its name too: that it is there says that the live files may be incomplete. So it comes
 * whole, and the one of an earlier call stays until then. */
static int copy_beside(const char *copy, const struct snapshot_place *place, struct error *err)
{
	bool whole = false;
	struct error ignored;

	if (dbfile_same(copy, place->restored, &whole, &ignored) == 0 && whole) {
		return 0;
	}
	int rc = write_beside(copy, place->back, err);

	if (rc == 0 && rename(place->back, place->restored) < 0) {
		rc = error_set(err, -errno, "cannot rename %s to %s: %s", place->back,
			       place->restored, strerror(errno));
	}
	if (rc < 0) {
		(void)!dbfile_remove(place->back, "", &ignored);
		return rc;
	}
	return file_sync_parent(place->restored, err);
}

static int remove_beside(const char *live, struct error *err)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		rc = dbfile_remove(live, suffixes[i], err);
	}
	return rc;
}

/* Its WAL goes first, or SQLite would replay it into the old database. */
static int replace_live(const char *copy, const struct snapshot_place *place, struct error *err)
{
	int rc = copy_beside(copy, place, err);

	if (rc == 0) {
		rc = remove_beside(place->live, err);
	}
	if (rc == 0) {
		rc = file_sync_parent(place->live, err);
	}
	if (rc == 0 && rename(place->restored, place->live) < 0) {
		rc = error_set(err, -errno, "cannot put %s back: %s", place->live, strerror(errno));
	}
	return rc == 0 ? file_sync_parent(place->live, err) : rc;
}

static int check_snapshot(const struct snapshot_job *job, struct error *err)
{
	int rc = snapshot_check_copy(job, err);

	return rc < 0 ? error_prefix(err, "the snapshot %s cannot be put back", job->path) : 0;
}

static int check_live(const struct snapshot_job *job, const char *live, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = dbfile_open_live(live, &db, err);

	if (rc == 0) {
		rc = snapshot_expect(db, job, err);
	}
	return rc < 0 ? error_prefix(err, "%s was put back and is not what it was", live) : 0;
}

/* Causes that say nothing about the database itself. */
static bool is_passing(int rc)
{
	return rc == -EBUSY || rc == -ENOMEM;
}

static int is_changed(const struct snapshot_job *job, const char *live, bool *ret,
		      struct error *err)
{
	auto_store sqlite3 *db = NULL;
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;
	int rc = dbfile_open_live(live, &db, err);

	if (rc == 0) {
		rc = fingerprint_make(db, job->database->record, &digest, err);
	}
	if (is_passing(rc) || rc == -ENOSPC) {
		return rc;
	}
	*ret = rc < 0 || strcmp(digest_text(&digest, hex), job->fingerprint) != 0;
	return 0;
}

/* Did an earlier call begin to replace the files? No look at the live ones says then what there
 * was, for their WAL may be gone. */
static int is_begun(const struct snapshot_job *job, const struct snapshot_place *place, bool *ret,
		    struct error *err)
{
	struct stat st;

	if (lstat(place->restored, &st) == 0) {
		*ret = true;
		return 0;
	}
	return snapshot_keeps_files(place->live, job->run, ret, err);
}

/* When in doubt it was: then it is kept. */
static bool is_written_since(const struct stat *then, const char *live, const char *suffix)
{
	auto_free char *path = NULL;
	struct stat st;

	if (asprintf(&path, "%s%s", live, suffix) < 0) {
		path = NULL;
		return true;
	}
	return lstat(path, &st) == 0 && (st.st_mtim.tv_sec != then->st_mtim.tv_sec
						 ? st.st_mtim.tv_sec > then->st_mtim.tv_sec
						 : st.st_mtim.tv_nsec > then->st_mtim.tv_nsec);
}

/* What is live is what an earlier call has left of it, its WAL perhaps gone: the whole of it was
 * kept before, as a copy. */
static int is_remnant(const struct snapshot_job *job, const struct snapshot_place *place, bool *ret,
		      struct error *err)
{
	struct stat begun;
	bool linked = false;

	if (lstat(place->restored, &begun) < 0 || is_written_since(&begun, place->live, "") ||
	    is_written_since(&begun, place->live, "-wal") ||
	    is_written_since(&begun, place->live, "-journal")) {
		*ret = false;
		return 0;
	}
	int rc = snapshot_keeps_files(place->live, job->run, &linked, err);

	*ret = !linked;
	return rc;
}

/* *ret_failed: the name of all that the new release has made of it. */
static int keep_raw(const struct snapshot_job *job, const struct snapshot_place *place,
		    char **ret_failed, struct error *err)
{
	bool remnant = false;
	int rc = is_remnant(job, place, &remnant, err);

	/* A known one was not kept, and what was kept before is something else. */
	if (rc == 0 && remnant && job->known == NULL) {
		rc = snapshot_kept_last(place->live, job->run, ret_failed, err);
		remnant = *ret_failed != NULL;
	}
	return rc < 0 || remnant ? rc : snapshot_keep_files(place->live, job->run, ret_failed, err);
}

/* Both steps take little space or none that is not reserved: the failed files stay where they are
 * under a second name, and only the copy is written. */
static int put_back_raw(const struct snapshot_job *job, const struct snapshot_place *place,
			char **ret_failed, struct error *err)
{
	int rc = keep_raw(job, place, ret_failed, err);

	if (rc == 0) {
		rc = dbfile_remove(place->back, "", err);
	}
	return rc == 0 ? replace_live(job->path, place, err) : rc;
}

/* The failed database is kept. What an unfinished restore left in its WAL makes room. */
static int put_back_kept(const struct snapshot_job *job, const struct snapshot_place *place,
			 struct error *err)
{
	int rc = dbfile_remove(place->back, "", err);

	if (rc == 0) {
		rc = dbfile_restore_into(job->path, place->live, err);
	}
	if (rc == -ENOSPC) {
		dbfile_shorten_wal(place->live);
	}
	return rc == 0 || is_passing(rc) ? rc : replace_live(job->path, place, err);
}

/* What a rollback had put there itself, and nobody has written to since, is in the snapshot that it
 * came from. A known one that cannot be read is none. */
static bool is_known(const struct snapshot_job *job, const char *copy)
{
	struct error ignored;
	bool same = false;

	return job->known != NULL && dbfile_same(copy, job->known, &same, &ignored) == 0 && same;
}

/* copy: a whole copy of the live database, made a moment ago. */
static int put_back_readable(const struct snapshot_job *job, const struct snapshot_place *place,
			     const char *copy, char **ret_failed, struct error *err)
{
	bool done = false;
	int rc = dbfile_same(copy, job->path, &done, err);

	/* Nothing was written since an earlier call put it back. */
	if (rc < 0 || done) {
		return rc < 0 ? rc : dbfile_remove(copy, "", err);
	}
	rc = is_known(job, copy) ? dbfile_remove(copy, "", err)
				 : snapshot_keep_copy(place->live, job->run, copy, ret_failed, err);
	return rc == 0 ? put_back_kept(job, place, err) : rc;
}

static int put_back_existing(const struct snapshot_job *job, const struct snapshot_place *place,
			     char **ret_failed, struct error *err)
{
	auto_free char *copy = NULL;
	struct error ignored;

	if (asprintf(&copy, "%s" SNAPSHOT_FAILED_NEW, place->live) < 0) {
		copy = NULL;
		return error_no_memory(err);
	}
	int rc = copy_readable(place->live, copy, err);

	if (rc == 0) {
		return put_back_readable(job, place, copy, ret_failed, err);
	}
	/* Half a copy is none. */
	(void)!dbfile_remove(copy, "", &ignored);
	return is_passing(rc) ? rc : put_back_raw(job, place, ret_failed, err);
}

static int put_back(const struct snapshot_job *job, const struct snapshot_place *place, bool exists,
		    char **ret_failed, struct error *err)
{
	bool wanted = true;
	bool begun = false;
	int rc = dbfile_remove(place->aside, "", err);

	if (rc == 0) {
		rc = is_begun(job, place, &begun, err);
	}
	if (rc == 0 && exists && !begun && job->database->on_rollback == ROLLBACK_IF_CHANGED) {
		rc = is_changed(job, place->live, &wanted, err);
	}
	if (rc < 0 || !wanted) {
		return rc;
	}
	rc = check_snapshot(job, err);
	if (rc == 0) {
		rc = exists && !begun ? put_back_existing(job, place, ret_failed, err)
				      : put_back_raw(job, place, ret_failed, err);
	}
	return rc == 0 ? check_live(job, place->live, err) : rc;
}

/* A database that the new release has made. The file itself goes last: while it is there, this
 * is not done. */
static int move_aside(const struct snapshot_job *job, const char *live, char **ret_failed,
		      struct error *err)
{
	int rc = snapshot_keep_files(live, job->run, ret_failed, err);

	if (rc == 0) {
		rc = remove_beside(live, err);
	}
	if (rc == 0) {
		rc = dbfile_remove(live, "", err);
	}
	return rc == 0 ? file_sync_parent(live, err) : rc;
}

static int restore(const struct snapshot_job *job, const struct snapshot_place *place,
		   char **ret_failed, struct error *err)
{
	bool exists = false;
	/* A second name may be our own: the file that an interrupted call has kept. */
	int rc = dbfile_look(place->live, DBFILE_ANY_LINKS, &exists, err);

	if (rc < 0) {
		return rc;
	}
	if (job->existed) {
		rc = put_back(job, place, exists, ret_failed, err);
	} else if (exists) {
		rc = move_aside(job, place->live, ret_failed, err);
	}
	return rc == 0 ? dbfile_remove(place->back, "", err) : rc;
}

int snapshot_work_restore(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_place struct snapshot_place place = {0};
	auto_free char *failed = NULL;

	if (job->database->on_rollback == ROLLBACK_NEVER) {
		return 0;
	}
	int rc = snapshot_place_find(job->database, job->run, &place, err);

	if (rc == 0) {
		rc = restore(job, &place, &failed, err);
	}
	if (rc == 0 && failed != NULL && buffer_add_format(output, "%s", failed) < 0) {
		rc = error_no_memory(err);
	}
	return rc;
}
