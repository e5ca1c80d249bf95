/*
 * store.c - store.h: the connection of a database that is ours to write.
 *
 * Every setting that durability or integrity rests on is read back: SQLite answers a PRAGMA that
 * it cannot follow with silence.
 */
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/guard.h"
#include "store/address.h"
#include "store/runner.h"

#define BUSY_TIMEOUT_MS 5000
#define BUSY_PAUSE_MS   10

static const struct setting {
	const char *set;
	const char *read;
	const char *expected;
} settings[] = {
	{"PRAGMA busy_timeout=5000", "PRAGMA busy_timeout", "5000"},
	{"PRAGMA journal_mode=WAL", "PRAGMA journal_mode", "wal"},
	{"PRAGMA synchronous=FULL", "PRAGMA synchronous", "2"},
	{"PRAGMA foreign_keys=ON", "PRAGMA foreign_keys", "1"},
};

static const struct {
	int rc;
	int code;
} codes[] = {
	{SQLITE_BUSY, -EBUSY},          {SQLITE_LOCKED, -EBUSY},     {SQLITE_PERM, -EACCES},
	{SQLITE_AUTH, -EACCES},         {SQLITE_READONLY, -EACCES},  {SQLITE_NOTADB, -EUCLEAN},
	{SQLITE_CORRUPT, -EUCLEAN},     {SQLITE_FULL, -ENOSPC},      {SQLITE_NOMEM, -ENOMEM},
	{SQLITE_INTERRUPT, -ETIMEDOUT}, {SQLITE_CONSTRAINT, -EBADE}, {SQLITE_MISMATCH, -EBADE},
	{SQLITE_TOOBIG, -EBADE},        {SQLITE_ERROR, -EBADE},
};

static int errno_of(int rc, int system_errno)
{
	if (rc == SQLITE_READONLY_ROLLBACK) {
		return -ENOTRECOVERABLE;
	}
	if ((rc & 0xff) == SQLITE_CANTOPEN) {
		return system_errno > 0 ? -system_errno : -ENOENT;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].rc == (rc & 0xff)) {
			return codes[i].code;
		}
	}
	return -EIO;
}

int store_error(struct error *err, sqlite3 *db, int rc, const char *what)
{
	bool of_system = (rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_IOERR;
	int system_errno = db != NULL && of_system ? sqlite3_system_errno(db) : 0;
	const char *words = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
	int code = errno_of(rc, system_errno);

	error_set(err, code, "%s%s%s%s%s", what != NULL ? what : "", what != NULL ? ": " : "",
		  words, system_errno > 0 ? ": " : "",
		  system_errno > 0 ? strerror(system_errno) : "");
	/* SQLite's words may quote names from inside the file. */
	text_sanitize(err->text);
	return code;
}

int store_execute(sqlite3 *db, const char *sql, const char *what, struct error *err)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_error(err, db, rc, what);
}

int store_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *tail = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &tail);

	if (rc != SQLITE_OK) {
		return store_error(err, db, rc, NULL);
	}
	if (stmt == NULL || tail[strspn(tail, " \t\n;")] != '\0') {
		sqlite3_finalize(stmt);
		return error_set(err, -EINVAL, "not exactly one SQL statement: %s", sql);
	}
	*ret = stmt;
	return 0;
}

void store_finalize(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
	*stmt = NULL;
}

void store_close(sqlite3 **db)
{
	int saved = errno;

	(void)sqlite3_close_v2(*db);
	*db = NULL;
	errno = saved;
}

static int apply_setting(sqlite3 *db, const struct setting *setting, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int r = store_execute(db, setting->set, setting->set, err);

	if (r == 0) {
		r = store_prepare(db, setting->read, &stmt, err);
	}
	if (r < 0) {
		return r;
	}
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_ROW) {
		return store_error(err, db, rc, setting->read);
	}
	const char *value = (const char *)sqlite3_column_text(stmt, 0);

	if (value == NULL || strcmp(value, setting->expected) != 0) {
		return error_set(err, -EIO, "%s had no effect: it is %s", setting->set,
				 value != NULL ? value : "unset");
	}
	return 0;
}

/* SQLite does not wait for the lock that changing the journal mode takes, so we do. */
static int configure(sqlite3 *db, struct error *err)
{
	uint64_t deadline = clock_deadline(BUSY_TIMEOUT_MS);

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		int r = apply_setting(db, &settings[i], err);

		while (r == -EBUSY && clock_left(deadline) > 0) {
			(void)poll(NULL, 0, BUSY_PAUSE_MS);
			r = apply_setting(db, &settings[i], err);
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* A database that is refused keeps every byte, those that a crash left in its WAL as well. */
static void leave_as_it_was(sqlite3 *db)
{
	const char *file = sqlite3_db_filename(db, "main");
	const char *wal = file != NULL ? sqlite3_filename_wal(file) : NULL;
	struct stat st;

	if (wal != NULL && stat(wal, &st) == 0 && st.st_size > 0) {
		(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	}
}

static int connect_to(const char *path, sqlite3 **ret, struct error *err)
{
	auto_free char *address = NULL;
	auto_store sqlite3 *db = NULL;
	int r = store_address(path, "mode=rwc", &address, err);

	if (r < 0) {
		return r;
	}
	int rc = sqlite3_open_v2(address, &db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI |
					 SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
				 NULL);
	if (rc != SQLITE_OK) {
		return store_error(err, db, rc, NULL);
	}
	(void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	*ret = db;
	db = NULL;
	return 0;
}

static int open_store(const struct store_options *options, sqlite3 **ret, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int r = connect_to(options->path, &db, err);

	if (r < 0) {
		return r;
	}
	r = runner_refuse_unknown(db, &options->migrations, err);
	if (r < 0) {
		leave_as_it_was(db);
		return r;
	}
	r = configure(db, err);
	if (r == 0) {
		r = runner_apply(db, &options->migrations, options->clock, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = db;
	db = NULL;
	return 0;
}

int store_open(const struct store_options *options, sqlite3 **ret, struct error *err)
{
	int r = runner_check(&options->migrations, err);

	if (r == 0) {
		r = open_store(options, ret, err);
	}
	return r < 0 ? error_prefix(err, "cannot open database %s", options->path) : 0;
}
