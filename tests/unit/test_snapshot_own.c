/*
 * test_snapshot_own.c - databases whose daemon has collations and functions of its own: nobody else
 * can sort their indexes or evaluate their constraints, and still they are kept and put back.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snapshot_case.h"
#include "writer_case.h"

#define COLLATION "CREATE INDEX by_name ON users (name COLLATE own);"
#define FUNCTION                                                                                   \
	"CREATE TABLE checked (a TEXT CHECK (own(a) = a)); INSERT INTO checked VALUES ('a');"
#define COLUMN                                                                                     \
	"CREATE TABLE virtual (a TEXT, b AS (own(a)) NOT NULL); INSERT INTO virtual VALUES ('a');"
#define DELETE "PRAGMA journal_mode = DELETE;"

TestSuite(snapshot_own, .init = set_up_rows, .fini = tear_down, .timeout = 60);

static int backwards(void *nothing, int length, const void *text, int other_length,
		     const void *other)
{
	int rc = memcmp(other, text, (size_t)(length < other_length ? length : other_length));

	(void)nothing;
	return rc != 0 ? rc : other_length - length;
}

static void same(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_value(context, values[0]);
}

/* As the daemon does it. */
static sqlite3 *open_own(const char *path)
{
	sqlite3 *db = NULL;

	cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
	cr_assert(sqlite3_create_collation(db, "own", SQLITE_UTF8, NULL, backwards) == SQLITE_OK);
	cr_assert(sqlite3_create_function(db, "own", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
					  same, NULL, NULL) == SQLITE_OK);
	return db;
}

static void run_own(const char *sql)
{
	sqlite3 *db = open_own(database.path);

	cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
		  sqlite3_errmsg(db));
	cr_assert(sqlite3_close(db) == SQLITE_OK);
}

/* Its indexes are in its own order, and so many users are in it. */
static void expect_sound(const char *path, int count)
{
	sqlite3 *db = open_own(path);
	sqlite3_stmt *stmt = NULL;

	cr_assert(sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL) ==
		  SQLITE_OK);
	cr_assert(sqlite3_prepare_v2(db,
				     "SELECT integrity_check, (SELECT count(*) FROM users)"
				     " FROM pragma_integrity_check",
				     -1, &stmt, NULL) == SQLITE_OK);
	cr_assert(sqlite3_step(stmt) == SQLITE_ROW);
	cr_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), "ok", "%s", path);
	cr_assert_eq(sqlite3_column_int(stmt, 1), count, "%s", path);
	cr_assert(sqlite3_finalize(stmt) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK);
}

static void expect_kept_and_put_back(const char *schema, const char *way)
{
	run_own(schema);
	begin_snapshot();
	expect_way(way);
	cr_assert(snapshot_complete(&held, &snapshot, &err) == 0, "%s", err.text);
	run_own(MIGRATION);
	char *failed = restore();

	cr_assert_not_null(failed);
	expect_sound(database.path, 2);
	expect_sound(failed, 3);
	cr_assert(snapshot_finalize(&snapshot, &err) == 0, "%s", err.text);
	expect_sound(snapshot.path, 2);
	free(failed);
}

Test(snapshot_own, a_collation)
{
	expect_kept_and_put_back(COLLATION, LIVE);
}

Test(snapshot_own, a_collation_of_a_primary_key)
{
	expect_kept_and_put_back("CREATE TABLE keyed (a TEXT COLLATE own PRIMARY KEY, b) WITHOUT"
				 " ROWID; INSERT INTO keyed VALUES ('a', 1), ('b', 2), ('c', 3)",
				 LIVE);
}

Test(snapshot_own, a_collation_of_the_record)
{
	expect_kept_and_put_back("DROP TABLE schema_migrations;"
				 "CREATE TABLE schema_migrations (id TEXT COLLATE own PRIMARY KEY,"
				 " name) WITHOUT ROWID;"
				 "INSERT INTO schema_migrations VALUES ('1', 'a'), ('1b', 'b')",
				 LIVE);
}

Test(snapshot_own, a_collation_in_utf_16)
{
	free(database.path);
	database.path = scratch_path(&scratch, "var lib/wide.db");
	expect_kept_and_put_back(
		"PRAGMA encoding = 'UTF-16'; PRAGMA journal_mode = WAL;" OLD_SCHEMA COLLATION,
		LIVE);
}

Test(snapshot_own, a_function_in_a_constraint)
{
	expect_kept_and_put_back(FUNCTION, LIVE);
}

Test(snapshot_own, a_function_in_a_column)
{
	expect_kept_and_put_back(COLUMN, LIVE);
}

Test(snapshot_own, all_of_it_after_the_stop)
{
	expect_kept_and_put_back(DELETE COLLATION FUNCTION COLUMN, "it keeps no WAL");
}

Test(snapshot_own, put_back_always)
{
	database.on_rollback = ROLLBACK_ALWAYS;
	expect_kept_and_put_back(COLLATION FUNCTION COLUMN, LIVE);
}

/* What a constraint says of a row is no damage: the daemon may have turned it off. */
Test(snapshot_own, a_row_that_breaks_a_constraint)
{
	expect_kept_and_put_back("CREATE TABLE late (a CHECK (a > 0));"
				 "PRAGMA ignore_check_constraints = ON;"
				 "INSERT INTO late VALUES (-1)",
				 LIVE);
}

/* The last page but a few is one of rows. */
Test(snapshot_own, damage_in_another_table_is_still_noticed)
{
	char garbage[4096];

	run_own(COLUMN COLLATION);
	int fd = open(database.path, O_WRONLY | O_CLOEXEC);

	memset(garbage, 0xee, sizeof(garbage));
	cr_assert(fd >= 0 && pwrite(fd, garbage, sizeof(garbage), 300 * 4096) == sizeof(garbage));
	(void)close(fd);
	cr_assert(snapshot_begin(&database, RUN, &held, &err) == -EUCLEAN, "%s", err.text);
	expect_nothing_left();
}
