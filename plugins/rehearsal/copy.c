/*
 * copy.c - copy.h: through the same door as every other look (store/look.h), page by page.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "store/dbcheck.h"
#include "store/look.h"
#include "store/store.h"

#define PAGES_AT_ONCE  1000
#define PROGRESS_STEPS 100000 /* of SQLite's machine, some milliseconds */
#define TRIES          5
#define PAUSE_MS       200

static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
#define SUFFIX_COUNT (sizeof(suffixes) / sizeof(suffixes[0]))

static bool is_over(const struct patience *patience)
{
	return patience->is_over(patience->data);
}

int copy_size(const char *path, uint64_t *ret, struct error *err)
{
	uint64_t size = 0;

	for (size_t i = 0; i < SUFFIX_COUNT; i++) {
		auto_free char *part = NULL;
		struct stat st;

		if (asprintf(&part, "%s%s", path, suffixes[i]) < 0) {
			part = NULL;
			return error_no_memory(err);
		}
		if (stat(part, &st) == 0) {
			size += strcmp(suffixes[i], "-shm") != 0 ? (uint64_t)st.st_size : 0;
		} else if (errno != ENOENT && errno != ENOTDIR) {
			return error_set(err, -errno, "cannot look at %s: %s", part,
					 strerror(errno));
		}
	}
	*ret = size;
	return 0;
}

void copy_remove(const char *path)
{
	for (size_t i = 0; i < SUFFIX_COUNT; i++) {
		auto_free char *part = NULL;

		if (asprintf(&part, "%s%s", path, suffixes[i]) < 0) {
			part = NULL;
			return;
		}
		(void)unlink(part);
	}
}

static int open_copy(const char *path, int flags, sqlite3 **ret, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX,
				 NULL);

	if (rc != SQLITE_OK) {
		return store_error(err, db, rc, "open the copy");
	}
	*ret = db;
	db = NULL;
	return 0;
}

static int step_through(sqlite3_backup *backup, sqlite3 *to, const struct patience *patience,
			struct error *err)
{
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK) {
		if (is_over(patience)) {
			return error_set(err, -ETIMEDOUT, "copying it did not end in time");
		}
		rc = sqlite3_backup_step(backup, PAGES_AT_ONCE);
	}
	return rc == SQLITE_DONE ? 0 : store_error(err, to, rc, "copy it");
}

static int copy_pages(sqlite3 *from, sqlite3 *to, const struct patience *patience,
		      struct error *err)
{
	/* Nobody needs this copy after a power cut. */
	int rc = store_execute(to, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF",
			       "prepare the copy", err);

	if (rc < 0) {
		return rc;
	}
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

	if (backup == NULL) {
		return store_error(err, to, sqlite3_errcode(to), "begin to copy it");
	}
	rc = step_through(backup, to, patience, err);
	int end = sqlite3_backup_finish(backup);

	return rc == 0 && end != SQLITE_OK ? store_error(err, to, end, "copy it") : rc;
}

static int copy_once(const char *from, const char *to, const struct patience *patience,
		     struct error *err)
{
	auto_look struct look look = LOOK_INIT;
	auto_store sqlite3 *db = NULL;
	struct error changed;
	int rc = look_open(from, &look, err);

	if (rc == 0) {
		rc = open_copy(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, err);
	}
	/* An empty file has no connection, and is copied by being made. */
	if (rc == 0 && look.db != NULL) {
		rc = copy_pages(look.db, db, patience, err);
	}
	if (look.fd >= 0 && rc != -EAGAIN) {
		int confirmed = look_confirm(&look, &changed);

		if (confirmed == -EAGAIN || (confirmed < 0 && rc == 0)) {
			*err = changed;
			rc = confirmed;
		}
	}
	return rc;
}

int copy_database(const char *from, const char *to, const struct patience *patience,
		  struct error *err)
{
	int rc = copy_once(from, to, patience, err);

	for (unsigned i = 1; i < TRIES && rc == -EAGAIN && !is_over(patience); i++) {
		copy_remove(to);
		(void)poll(NULL, 0, PAUSE_MS);
		rc = copy_once(from, to, patience, err);
	}
	return rc == -EAGAIN ? error_set(err, -EBUSY, "%s; try again", err->text) : rc;
}

static int on_progress(void *data)
{
	return is_over(data);
}

/* The rows of one table that refer to nothing. -EBADE: it cannot be asked here. */
static int count_dangling(sqlite3 *db, const char *sql, struct health *ret, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, sql, &stmt, err);

	if (rc < 0) {
		return rc;
	}
	int step = sqlite3_step(stmt);

	for (; step == SQLITE_ROW; step = sqlite3_step(stmt)) {
		if (ret->dangling++ == 0) {
			const char *table = (const char *)sqlite3_column_text(stmt, 0);
			const char *parent = (const char *)sqlite3_column_text(stmt, 2);

			(void)snprintf(ret->reference, sizeof(ret->reference),
				       "row %lld of %s refers to a row of %s that is not there",
				       (long long)sqlite3_column_int64(stmt, 1),
				       table != NULL ? table : "?", parent != NULL ? parent : "?");
		}
	}
	return step == SQLITE_DONE ? 0 : store_error(err, db, step, "check the copy's references");
}

static void note_first(uint64_t *count, char first[static 200], const struct error *err)
{
	if ((*count)++ == 0) {
		(void)snprintf(first, 200, "%.190s", err->text);
	}
}

static int check_table(sqlite3 *db, const char *table, void *data, struct error *err)
{
	struct health *health = data;
	char *sql = sqlite3_mprintf("PRAGMA foreign_key_check(%Q)", table);
	int rc = sql == NULL ? error_no_memory(err) : count_dangling(db, sql, health, err);

	sqlite3_free(sql);
	if (rc != -EBADE) {
		return rc;
	}
	/* A parent without the unique key that a reference needs (sqlite.org/foreignkeys.html, 3):
	 * every write to the two fails. */
	if (strstr(err->text, "foreign key mismatch") != NULL) {
		note_first(&health->broken, health->mismatch, err);
	} else {
		note_first(&health->unchecked, health->why, err);
	}
	return 0;
}

/* On a connection without stand-ins: what equals what is for the daemon's collations to say. */
static int check_references(sqlite3 *db, struct health *ret, struct error *err)
{
	return dbcheck_tables(db, check_table, ret, err);
}

/* Opened anew for each question, and left alone when the patience is over. */
static int ask(const char *path, struct patience *patience,
	       int (*question)(sqlite3 *db, struct health *ret, struct error *err),
	       struct health *ret, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = open_copy(path, SQLITE_OPEN_READWRITE, &db, err);

	if (rc == 0) {
		sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, patience);
		rc = question(db, ret, err);
	}
	/* What SQLite itself calls corrupt is damage, not a failure of the check. */
	if (rc == -EUCLEAN) {
		(void)snprintf(ret->damage, sizeof(ret->damage), "%.190s", err->text);
		rc = 0;
	}
	return rc;
}

static int is_whole(sqlite3 *db, struct health *ret, struct error *err)
{
	int rc = dbcheck_stand_in(db);

	(void)ret;
	return rc != SQLITE_OK ? store_error(err, db, rc, "check the copy") : dbcheck_run(db, err);
}

int copy_check(const char *path, const struct patience *patience, struct health *ret,
	       struct error *err)
{
	struct patience own = *patience;
	struct health health = {0};
	int rc = ask(path, &own, is_whole, &health, err);

	if (rc == 0 && health.damage[0] == '\0') {
		rc = ask(path, &own, check_references, &health, err);
	}
	if (rc == 0) {
		*ret = health;
	}
	return rc;
}
