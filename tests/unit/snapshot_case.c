/*
 * snapshot_case.c - snapshot_case.h: a database in WAL mode, in a directory with a blank.
 */
#include "snapshot_case.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "writer_case.h"

struct scratch scratch;
struct error err;
char *directory;
struct database database;
struct snapshot snapshot;
struct snapshot_hold *held;

/* Runs statements as a daemon that stops in order would. */
void run_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
	cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
		  sqlite3_errmsg(db));
	cr_assert(sqlite3_close(db) == SQLITE_OK);
}

/* Runs statements as a daemon that is killed would: its WAL or hot journal stays. */
void run_and_crash(const char *path, const char *sql)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		sqlite3 *db = NULL;

		if (sqlite3_open(path, &db) == SQLITE_OK &&
		    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) {
			(void)raise(SIGKILL);
		}
		_exit(1);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
}

/* The first value of a query. */
int ask(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	cr_assert(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "%s", path);
	cr_assert(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
		  sqlite3_errmsg(db));
	cr_assert(sqlite3_step(stmt) == SQLITE_ROW);
	int value = sqlite3_column_int(stmt, 0);

	cr_assert(sqlite3_finalize(stmt) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK);
	return value;
}

int users(const char *path)
{
	return ask(path, "SELECT count(*) FROM users");
}

void set_up(void)
{
	scratch = scratch_make();
	directory = scratch_path(&scratch, "var lib");
	scratch_directory(directory);
	database = (struct database){
		.name = strdup("state"),
		.path = scratch_path(&scratch, "var lib/state 100%%.db"),
		.record = strdup("schema_migrations"),
	};
	run_sql(database.path, "PRAGMA journal_mode = WAL;" OLD_SCHEMA);
}

void set_up_rows(void)
{
	set_up();
	run_sql(database.path, "PRAGMA journal_mode = WAL;" ROWS_TABLE ROWS(3000));
}

void tear_down(void)
{
	snapshot_abandon(&held);
	snapshot_finish(&snapshot);
	database_finish(&database);
	free(directory);
	scratch_remove(&scratch);
}

int try_to_take(void)
{
	int rc = snapshot_begin(&database, RUN, &held, &err);

	return rc == 0 ? snapshot_complete(&held, &snapshot, &err) : rc;
}

void begin_snapshot(void)
{
	cr_assert(snapshot_begin(&database, RUN, &held, &err) == 0, "%s", err.text);
}

void expect_way(const char *part)
{
	const char *way = held != NULL ? snapshot_planned(held)->way : snapshot.way;

	cr_assert_not_null(strstr(way, part), "\"%s\" does not say \"%s\"", way, part);
}

void complete_snapshot(void)
{
	char *wal = NULL;

	cr_assert(snapshot_complete(&held, &snapshot, &err) == 0, "%s", err.text);
	cr_assert_null(held);
	cr_assert(snapshot_finalize(&snapshot, &err) == 0, "%s", err.text);
	cr_assert(asprintf(&wal, "%s-wal", snapshot.path) > 0);
	cr_assert(!scratch_exists(wal), "it was not folded into one file");
	free(wal);
	cr_assert(ask(snapshot.path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"));
}

int rows(const char *path)
{
	return ask(path, "SELECT count(*) FROM rows");
}

void expect_nothing_left(void)
{
	char *own = scratch_path(&scratch, "var lib/.banger-update");

	cr_assert(!scratch_exists(own));
	free(own);
}

void take(void)
{
	cr_assert(try_to_take() == 0, "%s", err.text);
}

/* Puts it back; the name of what was kept aside, which the caller frees. */
char *restore(void)
{
	return restore_knowing(NULL);
}

char *restore_knowing(const char *known)
{
	char *failed = NULL;

	cr_assert(snapshot_restore(&snapshot, RUN, known, &failed, &err) == 0, "%s", err.text);
	return failed;
}

char *beside(const char *suffix)
{
	char *path = NULL;

	cr_assert(asprintf(&path, "%s%s", database.path, suffix) >= 0);
	return path;
}

bool has_beside(const char *suffix)
{
	char *path = beside(suffix);
	bool there = scratch_exists(path);

	free(path);
	return there;
}

char *listing(void)
{
	return scratch_listing(directory, ".banger-update");
}

void damage(const char *path)
{
	char garbage[8192];

	memset(garbage, 'x', sizeof(garbage));
	scratch_write_bytes(path, garbage, sizeof(garbage), 0640);
}
