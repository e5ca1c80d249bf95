/*
 * test_store.c - store_open(): settings that hold, migrations that apply whole or not at all.
 */
#include "store/store.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "database_fixture.h"
#include "store/schema.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *path;
static struct error error;

static void set_up(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "state.db");
}

static void tear_down(void)
{
	scratch_remove(&scratch);
	free(path);
}

TestSuite(store, .init = set_up, .fini = tear_down);

static int make_notes(sqlite3 *db, struct error *err)
{
	return store_execute(db, "CREATE TABLE notes (text TEXT NOT NULL)", "make notes", err);
}

static int add_author(sqlite3 *db, struct error *err)
{
	return store_execute(db, "ALTER TABLE notes ADD COLUMN author TEXT", "add author", err);
}

/* Changes something before it fails on a note that is not there yet. */
static int want_a_note(sqlite3 *db, struct error *err)
{
	int r = store_execute(db, "CREATE TABLE traces (x)", NULL, err);

	if (r < 0) {
		return r;
	}
	return store_execute(db, "INSERT INTO notes SELECT max(text), '' FROM notes", "want a note",
			     err);
}

static int commit_early(sqlite3 *db, struct error *err)
{
	return store_execute(db, "COMMIT", NULL, err);
}

static const struct migration history[] = {
	{2, "add_author", add_author},
	{1, "make_notes", make_notes},
	{3, "want_a_note", want_a_note},
};

static const struct migrations first_two = {history, 2};
static const struct migrations all_three = {history, 3};

static time_t fixed_time(void *data)
{
	(void)data;
	return 1795365240; /* 2026-11-22T16:34:00Z */
}

static int open_at(const char *where, struct migrations migrations, sqlite3 **ret)
{
	struct clock clock = {.source = fixed_time};
	struct store_options options = {.path = where, .migrations = migrations, .clock = &clock};

	return store_open(&options, ret, &error);
}

static void expect_opens(struct migrations migrations)
{
	auto_store sqlite3 *db = NULL;
	int r = open_at(path, migrations, &db);

	cr_assert_eq(r, 0, "%d: %s", r, error.text);
}

static void expect_refused(struct migrations migrations, int code, const char *word)
{
	auto_store sqlite3 *db = NULL;
	int r = open_at(path, migrations, &db);

	cr_assert_eq(r, code, "%d: %s", r, error.text);
	cr_assert_null(db);
	cr_assert_not_null(strstr(error.text, word), "%s", error.text);
	cr_assert_not_null(strstr(error.text, path), "%s", error.text);
}

static void expect_text(sqlite3 *db, const char *sql, const char *expected)
{
	auto_stmt sqlite3_stmt *stmt = NULL;

	cr_assert_eq(store_prepare(db, sql, &stmt, &error), 0, "%s", error.text);
	cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW);
	cr_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), expected);
}

Test(store, every_setting_holds)
{
	auto_store sqlite3 *db = NULL;

	cr_assert_eq(open_at(path, first_two, &db), 0, "%s", error.text);
	expect_text(db, "PRAGMA journal_mode", "wal");
	expect_text(db, "PRAGMA synchronous", "2");
	expect_text(db, "PRAGMA foreign_keys", "1");
	expect_text(db, "PRAGMA busy_timeout", "5000");
}

Test(store, migrations_are_applied_in_order_of_id_and_recorded)
{
	auto_store sqlite3 *db = NULL;

	cr_assert_eq(open_at(path, first_two, &db), 0, "%s", error.text);
	expect_text(db,
		    "SELECT group_concat(id || ' ' || name || ' ' || applied_at) FROM "
		    "(SELECT * FROM schema_migrations ORDER BY rowid)",
		    "1 make_notes 2026-11-22T16:34:00Z,2 add_author 2026-11-22T16:34:00Z");
	expect_text(db, "SELECT group_concat(name) FROM pragma_table_info('notes')", "text,author");
}

Test(store, opening_again_changes_nothing)
{
	expect_opens(first_two);
	auto_free char *before = scratch_read(path);

	expect_opens(first_two);
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 2);
	auto_free char *after = scratch_read(path);

	cr_assert_str_eq(after, before);
}

Test(store, the_record_exists_without_any_migration)
{
	expect_opens((struct migrations){0});
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 0);
}

Test(store, a_failed_migration_leaves_nothing_and_is_tried_again)
{
	expect_refused(all_three, STORE_MIGRATION_FAILED, "migration 3 (want_a_note): want a note");
	cr_assert_eq(database_number(path, "SELECT max(id) FROM schema_migrations"), 2);
	cr_assert_eq(database_number(path,
				     "SELECT count(*) FROM sqlite_master WHERE name = 'traces'"),
		     0);

	database_run(path, "INSERT INTO notes VALUES ('here', 'me')");
	expect_opens(all_three);
	cr_assert_eq(database_number(path, "SELECT max(id) FROM schema_migrations"), 3);
	cr_assert_eq(database_number(path, "SELECT count(*) FROM notes"), 2);
}

Test(store, a_migration_that_ends_its_transaction_is_an_error)
{
	static const struct migration early[] = {{1, "early", commit_early}};

	expect_refused((struct migrations){early, 1}, -EINVAL, "ended the transaction");
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 0);
}

Test(store, a_duplicate_id_is_named_before_the_file_is_touched)
{
	static const struct migration twice[] = {
		{1, "make_notes", make_notes},
		{2, "add_author", add_author},
		{1, "again", make_notes},
	};

	expect_refused((struct migrations){twice, 3}, -EINVAL, "duplicate migration id 1");
	cr_assert_not(scratch_exists(path));
}

Test(store, an_id_must_be_positive)
{
	static const struct migration zero[] = {{0, "zero", make_notes}};

	expect_refused((struct migrations){zero, 1}, -EINVAL, "not positive");
}

Test(store, unknown_migrations_are_refused_and_nothing_is_changed)
{
	database_run(path, RECORD_OF("1,99"));
	auto_free char *before = scratch_listing(scratch.path, NULL);

	expect_refused(first_two, -ENOTUNIQ, "[99]");
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
}

Test(store, unknown_migrations_in_a_wal_left_by_a_crash_are_refused_and_stay_there)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, "PRAGMA journal_mode=WAL;" RECORD_OF("1"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	auto_free char *before = scratch_listing(scratch.path, "state.db-shm");

	expect_refused(first_two, -ENOTUNIQ, "[99]");
	auto_free char *after = scratch_listing(scratch.path, "state.db-shm");

	cr_assert_str_eq(after, before);
	cr_assert(scratch_exists(wal));
}

Test(store, a_hot_journal_is_recovered)
{
	expect_opens(first_two);
	database_run(path, "PRAGMA journal_mode=DELETE");
	database_crash(path, "PRAGMA cache_size=1; BEGIN; DELETE FROM schema_migrations;"
			     "INSERT INTO notes SELECT zeroblob(4096), '' FROM " SERIES("64"));
	expect_opens(first_two);
	cr_assert_eq(database_number(path, "SELECT count(*) FROM notes"), 0);
}

Test(store, openers_at_once_apply_each_migration_once)
{
	enum {
		OPENERS = 6
	};
	pid_t pids[OPENERS];

	for (int i = 0; i < OPENERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			auto_store sqlite3 *db = NULL;

			alarm(60);
			_exit(open_at(path, first_two, &db) == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < OPENERS; i++) {
		int status = -1;

		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_assert_eq(status, 0, "an opener failed");
	}
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 2);
}

Test(store, a_locked_database_is_busy_after_a_while)
{
	database_run(path, RECORD_OF("1"));
	pid_t writer = database_hold(path, "BEGIN EXCLUSIVE");

	expect_refused(first_two, -EBUSY, "locked");
	database_kill(writer);
}

Test(store, garbage_is_refused_and_stays)
{
	auto_free char *before = NULL;
	char text[8192];

	memset(text, 'x', sizeof(text));
	scratch_write_bytes(path, text, sizeof(text), 0600);
	before = scratch_listing(scratch.path, NULL);
	expect_refused(first_two, -EUCLEAN, "not a database");
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
}

Test(store, a_directory_is_refused)
{
	scratch_directory(path);
	expect_refused(first_two, -EISDIR, "directory");
}

Test(store, a_missing_directory_is_told)
{
	free(path);
	path = scratch_path(&scratch, "missing/state.db");
	expect_refused(first_two, -ENOENT, "No such file");
}

Test(store, a_name_that_looks_like_a_uri_is_a_name)
{
	auto_store sqlite3 *db = NULL;
	auto_free char *name = scratch_path(&scratch, "a?mode=memory#b");

	cr_assert_eq(open_at(name, first_two, &db), 0, "%s", error.text);
	cr_assert(scratch_exists(name));
}

Test(store, a_name_that_means_memory_is_a_file)
{
	auto_store sqlite3 *db = NULL;

	cr_assert_eq(chdir(scratch.path), 0);
	cr_assert_eq(open_at(":memory:", first_two, &db), 0, "%s", error.text);
	cr_assert(scratch_exists(":memory:"));
	cr_assert_eq(chdir("/"), 0);
}

Test(store, one_statement_is_prepared_and_two_are_not)
{
	auto_store sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	cr_assert_eq(open_at(path, first_two, &db), 0, "%s", error.text);
	cr_assert_eq(store_prepare(db, "SELECT 1; SELECT 2", &stmt, &error), -EINVAL);
	cr_assert_eq(store_prepare(db, "", &stmt, &error), -EINVAL);
	cr_assert_null(stmt);
	cr_assert_eq(store_prepare(db, "SELECT 1;\n", &stmt, &error), 0, "%s", error.text);
	store_finalize(&stmt);
}

Test(store, every_code_of_sqlite_has_an_errno)
{
	static const struct {
		int rc;
		int code;
	} expected[] = {
		{SQLITE_BUSY_SNAPSHOT, -EBUSY},
		{SQLITE_LOCKED, -EBUSY},
		{SQLITE_READONLY_DIRECTORY, -EACCES},
		{SQLITE_READONLY_ROLLBACK, -ENOTRECOVERABLE},
		{SQLITE_CANTOPEN, -ENOENT},
		{SQLITE_NOTADB, -EUCLEAN},
		{SQLITE_CORRUPT, -EUCLEAN},
		{SQLITE_FULL, -ENOSPC},
		{SQLITE_NOMEM, -ENOMEM},
		{SQLITE_CONSTRAINT_NOTNULL, -EBADE},
		{SQLITE_IOERR_READ, -EIO},
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		cr_assert_eq(store_error(&error, NULL, expected[i].rc, "reading"),
			     expected[i].code);
		cr_assert_not_null(strstr(error.text, "reading: "), "%s", error.text);
	}
}
