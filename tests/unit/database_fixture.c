/*
 * database_fixture.c - database_fixture.h: databases, and the processes that use them.
 */
#include "database_fixture.h"

#include <criterion/criterion.h>
#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static sqlite3 *connect_to(const char *path)
{
	sqlite3 *db = NULL;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK, "cannot open %s", path);
	return db;
}

static void run(sqlite3 *db, const char *sql)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	cr_assert_eq(rc, SQLITE_OK, "%s: %s", sqlite3_errmsg(db), sql);
}

void database_run(const char *path, const char *sql)
{
	sqlite3 *db = connect_to(path);

	run(db, sql);
	sqlite3_close(db);
}

int64_t database_number(const char *path, const char *sql)
{
	sqlite3 *db = connect_to(path);
	sqlite3_stmt *stmt = NULL;

	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK, "%s", sql);
	cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW, "no row: %s", sql);
	int64_t number = sqlite3_column_int64(stmt, 0);

	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

pid_t database_hold(const char *path, const char *sql)
{
	int ready[2];
	char byte = '\0';

	cr_assert_eq(pipe(ready), 0);
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		sqlite3 *db = NULL;

		alarm(60);
		if (sqlite3_open(path, &db) == SQLITE_OK &&
		    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK &&
		    write(ready[1], "+", 1) == 1) {
			for (;;) {
				pause();
			}
		}
		_exit(1);
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1, "the other process failed at: %s", sql);
	close(ready[0]);
	return pid;
}

void database_kill(pid_t holder)
{
	int status = 0;

	cr_assert_eq(kill(holder, SIGKILL), 0);
	cr_assert_eq(waitpid(holder, &status, 0), holder);
}

void database_crash(const char *path, const char *sql)
{
	database_kill(database_hold(path, sql));
}

bool passes_as_nobody(bool (*check)(const char *path), const char *path)
{
	int status = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		bool dropped = geteuid() != 0 || (setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 &&
						  setuid(NOBODY) == 0);

		alarm(60);
		_exit(dropped && check(path) ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
