/*
 * database_fixture.h - SQLite databases for tests: at rest, held open by another process, left by
 * one that was killed.
 */
#ifndef UNIT_DATABASE_FIXTURE_H
#define UNIT_DATABASE_FIXTURE_H

#include <stdint.h>
#include <sys/types.h>

/* Runs SQL on a connection of its own, closed afterwards. */
void database_run(const char *path, const char *sql);

/* The first column of the first row of a query. */
int64_t database_number(const char *path, const char *sql);

/* Another process that has run sql and keeps its connection open until it is killed. */
pid_t database_hold(const char *path, const char *sql);
void database_kill(pid_t holder);

/* What crashes leave behind. */
void database_crash(const char *path, const char *sql);

/* Runs check in a child that is not root (uid 65534, when we are root); true: it returned true. */
_Bool passes_as_nobody(_Bool (*check)(const char *path), const char *path);

#define RECORD_OF(ids)                                                                             \
	"CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at "  \
	"TEXT NOT NULL); INSERT INTO schema_migrations SELECT value, 'a', 'b' FROM "               \
	"json_each('[" ids "]');"

/* A subquery of the numbers 1 to last. */
#define SERIES(last)                                                                               \
	"(WITH RECURSIVE s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s WHERE value "     \
	"< " last ") SELECT value FROM s)"

#endif
