/*
 * journal.c - journal.h: the file, its tables, and transactions.
 *
 * The tables only ever grow: an older updater must be able to read what a newer one wrote, so a new
 * column or table is added with "if it is not there yet", outside the list of migrations, and
 * min_reader is raised only when an older reader would draw a wrong conclusion.
 */
#include "install/journal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "install/dbfile.h"
#include "install/journal_db.h"
#include "store/address.h"
#include "store/store.h"

/* The shape of the journal that this updater reads. */
#define READER 1

/* How long who only reads waits for a writer. */
#define READER_BUSY_MS 1000

static const char schema[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);"
	"INSERT INTO meta VALUES ('min_reader', 1);"
	"CREATE TABLE run ("
	" number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, product TEXT NOT NULL,"
	" command TEXT NOT NULL, from_version TEXT, to_version TEXT, started_at TEXT NOT NULL,"
	" ended_at TEXT, result TEXT, detail TEXT, committed_at TEXT);"
	"CREATE TABLE event ("
	" run TEXT NOT NULL REFERENCES run (id), seq INTEGER NOT NULL, at TEXT NOT NULL,"
	" phase TEXT NOT NULL, state TEXT NOT NULL, detail TEXT, PRIMARY KEY (run, seq));"
	"CREATE TABLE installed ("
	" path TEXT PRIMARY KEY, product TEXT NOT NULL, version TEXT NOT NULL,"
	" run TEXT NOT NULL REFERENCES run (id), digest BLOB NOT NULL, device INTEGER NOT NULL,"
	" inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
	" ctime_ns INTEGER NOT NULL);";

/* What came later. plan* is what recovery reads, and frozen. */
static const char additions[] =
	"CREATE TABLE IF NOT EXISTS plan ("
	" run TEXT PRIMARY KEY REFERENCES run (id), root TEXT NOT NULL, manager TEXT NOT NULL,"
	" staging TEXT, boot TEXT, keep_snapshots INTEGER NOT NULL, health_command TEXT, "
	"health_interval_ms INTEGER NOT NULL,"
	" health_timeout_ms INTEGER NOT NULL, health_settle_ms INTEGER NOT NULL,"
	" baseline_healthy INTEGER NOT NULL, baseline_complete INTEGER NOT NULL,"
	" baseline_failed TEXT, baseline_text TEXT);"
	"CREATE TABLE IF NOT EXISTS plan_artifact ("
	" run TEXT NOT NULL REFERENCES plan (run), position INTEGER NOT NULL, name TEXT NOT NULL,"
	" install TEXT NOT NULL, existed INTEGER NOT NULL, old_digest BLOB,"
	" old_inode INTEGER NOT NULL, old_mode INTEGER NOT NULL, old_uid INTEGER NOT NULL,"
	" old_gid INTEGER NOT NULL, backup_inode INTEGER NOT NULL, new_digest BLOB,"
	" PRIMARY KEY (run, position));"
	"CREATE TABLE IF NOT EXISTS plan_service ("
	" run TEXT NOT NULL REFERENCES plan (run), position INTEGER NOT NULL, name TEXT NOT NULL,"
	" binary TEXT, ready_timeout_ms INTEGER NOT NULL, stop_timeout_ms INTEGER NOT NULL,"
	" keeps_children INTEGER NOT NULL, start TEXT, stop TEXT, status TEXT, pid_file TEXT,"
	" pid INTEGER NOT NULL, start_time INTEGER NOT NULL, PRIMARY KEY (run, position));"
	"CREATE TABLE IF NOT EXISTS plan_database ("
	" run TEXT NOT NULL REFERENCES plan (run), position INTEGER NOT NULL, name TEXT NOT NULL,"
	" path TEXT NOT NULL, user TEXT, missing_ok INTEGER NOT NULL, record TEXT NOT NULL,"
	" on_rollback TEXT NOT NULL, existed INTEGER, fingerprint TEXT, snapshot TEXT,"
	" PRIMARY KEY (run, position));"
	"CREATE TABLE IF NOT EXISTS plan_dependent ("
	" run TEXT NOT NULL REFERENCES plan (run), position INTEGER NOT NULL, unit TEXT NOT NULL,"
	" PRIMARY KEY (run, position));"
	"CREATE TABLE IF NOT EXISTS fact ("
	" run TEXT NOT NULL REFERENCES run (id), key TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (run, key));"
	"CREATE TABLE IF NOT EXISTS finding ("
	" run TEXT NOT NULL REFERENCES run (id), seq INTEGER NOT NULL, plugin TEXT NOT NULL,"
	" verdict TEXT NOT NULL, code TEXT, text TEXT, remedy TEXT, PRIMARY KEY (run, seq));"
	"CREATE TABLE IF NOT EXISTS bad ("
	" version TEXT PRIMARY KEY, at TEXT NOT NULL, run TEXT, reason TEXT NOT NULL);";

static int create_tables(sqlite3 *db, struct error *err)
{
	return store_execute(db, schema, "making the journal", err);
}

static const struct migration migrations[] = {
	{1, "journal", create_tables},
};

static int check_reader(sqlite3 *db, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, "SELECT value FROM meta WHERE key = 'min_reader'", &stmt, err);

	if (rc < 0) {
		return rc;
	}
	int step = sqlite3_step(stmt);

	if (step != SQLITE_ROW) {
		return store_error(err, db, step, "reading who may read it");
	}
	if (sqlite3_column_int64(stmt, 0) > READER) {
		return error_set(err, -ENOTSUP,
				 "it was written by a newer updater and this one could misread it; "
				 "use the newer one");
	}
	return 0;
}

/* One commit at most: a journal that has them all is only read. */
static int add_tables(sqlite3 *db, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, "SELECT 1 FROM sqlite_schema WHERE name = 'plan_dependent'",
			       &stmt, err); /* the newest of them */

	if (rc < 0) {
		return rc;
	}
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		return 0;
	}
	store_finalize(&stmt);
	rc = store_execute(db, "BEGIN IMMEDIATE", NULL, err);
	rc = rc < 0 ? rc : store_execute(db, additions, "adding to the journal", err);
	return rc < 0 ? rc : store_execute(db, "COMMIT", NULL, err);
}

static int open_to_write(const char *path, struct clock *clock, sqlite3 **ret, struct error *err)
{
	const struct store_options options = {
		.path = path,
		.migrations = {migrations, sizeof(migrations) / sizeof(migrations[0])},
		.clock = clock,
	};
	auto_store sqlite3 *db = NULL;
	int rc = store_open(&options, &db, err);

	rc = rc < 0 ? rc : check_reader(db, err);
	rc = rc < 0 ? rc : add_tables(db, err);
	if (rc == 0) {
		*ret = take_pointer(&db);
	}
	return rc;
}

/* Read-only, so that it neither checkpoints nor changes anything of the writer's. */
static int open_to_read(const char *path, struct clock *clock, sqlite3 **ret, struct error *err)
{
	auto_free char *address = NULL;
	auto_store sqlite3 *db = NULL;
	int rc = store_address(path, "mode=ro", &address, err);

	(void)clock;
	if (rc < 0) {
		return rc;
	}
	int code = sqlite3_open_v2(address, &db,
				   SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
					   SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
				   NULL);
	if (code != SQLITE_OK) {
		return store_error(err, db, code, NULL);
	}
	(void)sqlite3_busy_timeout(db, READER_BUSY_MS);
	rc = check_reader(db, err);
	if (rc == 0) {
		*ret = take_pointer(&db);
	}
	return rc;
}

/* SQLite follows a link at the database's own name and makes what it leads to. */
static int refuse_planted(const char *path, struct error *err)
{
	bool exists = false;
	int rc = dbfile_look(path, DBFILE_ONE_LINK, &exists, err);

	return rc < 0 ? rc : dbfile_look_beside(path, DBFILE_ONE_LINK, err);
}

typedef int (*opener)(const char *path, struct clock *clock, sqlite3 **ret, struct error *err);

static int open_with(opener open, const char *state_dir, struct clock *clock, struct journal **ret,
		     struct error *err)
{
	auto_free char *path = path_join(state_dir, "journal.db");

	if (path == NULL) {
		return error_no_memory(err);
	}
	auto_journal struct journal *journal = calloc(1, sizeof(*journal));

	if (journal == NULL) {
		return error_no_memory(err);
	}
	journal->clock = clock;
	int rc = refuse_planted(path, err);

	rc = rc < 0 ? rc : open(path, clock, &journal->db, err);
	if (rc < 0) {
		return error_prefix(err, "cannot open the journal %s", path);
	}
	*ret = take_pointer(&journal);
	return 0;
}

int journal_open(const char *state_dir, struct clock *clock, struct journal **ret,
		 struct error *err)
{
	return open_with(open_to_write, state_dir, clock, ret, err);
}

int journal_open_to_read(const char *state_dir, struct journal **ret, struct error *err)
{
	return open_with(open_to_read, state_dir, NULL, ret, err);
}

void journal_close(struct journal **journal)
{
	if (*journal != NULL) {
		store_close(&(*journal)->db);
		free(*journal);
		*journal = NULL;
	}
}

int journal_start(struct journal *journal, struct error *err)
{
	return store_execute(journal->db, "BEGIN IMMEDIATE", "writing the journal", err);
}

int journal_finish(struct journal *journal, int rc, struct error *err)
{
	struct error ignored;

	if (rc == 0) {
		rc = store_execute(journal->db, "COMMIT", "writing the journal", err);
	}
	if (rc < 0) {
		(void)!store_execute(journal->db, "ROLLBACK", NULL, &ignored);
	}
	return rc;
}

void journal_bind_texts(sqlite3_stmt *stmt, const char *const *texts, int count)
{
	/* A bind can only fail for lack of memory; then the step that follows fails on NOT NULL or
	 * with the same cause. */
	for (int i = 0; i < count; i++) {
		(void)sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
	}
}

const char *journal_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text != NULL ? text : "";
}

static void bind(sqlite3_stmt *stmt, int index, const struct journal_value *value)
{
	if (value->is_number) {
		(void)sqlite3_bind_int64(stmt, index, value->number);
	} else if (value->digest != NULL) {
		(void)sqlite3_bind_blob(stmt, index, value->digest->bytes, DIGEST_SIZE,
					SQLITE_STATIC);
	} else {
		(void)sqlite3_bind_text(stmt, index, value->text, -1, SQLITE_STATIC);
	}
}

static int run_statement(struct journal *journal, const char *sql,
			 const struct journal_value *values, size_t count, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db, sql, &stmt, err);

	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < count; i++) {
		bind(stmt, (int)i + 1, &values[i]);
	}
	int step = sqlite3_step(stmt);

	return step == SQLITE_DONE ? 0 : store_error(err, journal->db, step, "writing the journal");
}

int journal_insert(struct journal *journal, const char *table, const struct journal_value *values,
		   size_t count, struct error *err)
{
	auto_buffer struct buffer sql = BUFFER_INIT(LIMIT_SQL);
	int rc = buffer_add_format(&sql, "INSERT INTO %s VALUES (?1", table);

	for (size_t i = 2; i <= count && rc == 0; i++) {
		rc = buffer_add_format(&sql, ", ?%zu", i);
	}
	if (rc < 0 || buffer_add(&sql, ")", 1) < 0) {
		return error_no_memory(err);
	}
	return run_statement(journal, buffer_text(&sql), values, count, err);
}

int journal_change(struct journal *journal, const char *sql, const struct journal_value *values,
		   size_t count, const char *run, struct error *err)
{
	int rc = run_statement(journal, sql, values, count, err);

	if (rc == 0 && sqlite3_changes(journal->db) == 0) {
		rc = error_set(err, -ENOENT, "the journal knows no run %s", run);
	}
	return rc;
}
