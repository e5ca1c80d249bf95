/*
 * writer_case.h - a daemon that has a database open in a process of its own, and may write to it
 * all the time: every commit that it was told of is counted where the test can see it.
 */
#ifndef UNIT_WRITER_CASE_H
#define UNIT_WRITER_CASE_H

#include <stdint.h>
#include <sys/types.h>

struct writer {
	pid_t pid;
	int line;
	_Atomic uint64_t *acknowledged; /* commits, in memory shared with it */
};

/* Opens path (or a URI) and runs setup. each NULL: it only does what it is told; else it runs that
 * again and again, one commit at a time. */
struct writer writer_start(const char *path, const char *setup, const char *each);

/* Has it run sql; returns SQLite's code. */
int writer_run(struct writer *writer, const char *sql);
/* The same in two halves. */
void writer_tell(struct writer *writer, const char *sql);
int writer_hear(struct writer *writer);

/* Until it has committed that many more. */
void writer_wait(const struct writer *writer, uint64_t more);

/* It closes its connection and ends. The commits in total. */
uint64_t writer_stop(struct writer *writer);
uint64_t writer_kill(struct writer *writer);

/* A table of 1000-byte rows, of which some are there; one more row. */
#define ROWS_TABLE "CREATE TABLE rows (id INTEGER PRIMARY KEY, pad BLOB);"
#define ROWS(n)                                                                                    \
	"WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < " #n ") "        \
	"INSERT INTO rows (pad) SELECT randomblob(1000) FROM s;"
#define ONE_ROW "INSERT INTO rows (pad) VALUES (randomblob(1000))"

#endif
