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

struct scratch scratch;
struct error err;
char *directory;
struct database database;
struct snapshot snapshot;

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

void tear_down(void)
{
	snapshot_finish(&snapshot);
	database_finish(&database);
	free(directory);
	scratch_remove(&scratch);
}

int try_to_take(void)
{
	struct snapshot_hold *hold = NULL;
	int rc = snapshot_begin(&database, RUN, &hold, &err);

	return rc == 0 ? snapshot_complete(&hold, &snapshot, &err) : rc;
}

void take(void)
{
	cr_assert(try_to_take() == 0, "%s", err.text);
}

/* Puts it back; the name of what was kept aside, which the caller frees. */
char *restore(void)
{
	char *failed = NULL;

	cr_assert(snapshot_restore(&snapshot, RUN, &failed, &err) == 0, "%s", err.text);
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
