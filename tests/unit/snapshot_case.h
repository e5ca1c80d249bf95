/*
 * snapshot_case.h - a database as daemons leave it: stopped, killed, migrated, damaged.
 */
#ifndef UNIT_SNAPSHOT_CASE_H
#define UNIT_SNAPSHOT_CASE_H

#include <stdbool.h>

#include "install/snapshot.h"
#include "support/scratch.h"

#define RUN "20261122T163400Z-1a2b"

#define OLD_SCHEMA                                                                                 \
	"CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY, name TEXT);"                      \
	"INSERT INTO schema_migrations VALUES (1, 'first');"                                       \
	"CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('ann'), ('bob');"
#define MIGRATION                                                                                  \
	"ALTER TABLE users ADD COLUMN age INTEGER;"                                                \
	"INSERT INTO schema_migrations VALUES (2, 'age');"                                         \
	"INSERT INTO users VALUES ('new', 7);"

extern struct scratch scratch;
extern struct error err;
extern char *directory;
extern struct database database;
extern struct snapshot snapshot;
extern struct snapshot_hold *held;

/* Runs statements as a daemon that stops in order would. */
void run_sql(const char *path, const char *sql);
/* Runs statements as a daemon that is killed would: its WAL or hot journal stays. */
void run_and_crash(const char *path, const char *sql);
/* The first value of a query. */
int ask(const char *path, const char *sql);
int users(const char *path);
void set_up(void);
void tear_down(void);
/* set_up(), and a table of 3000 rows. */
void set_up_rows(void);
int rows(const char *path);
void begin_snapshot(void);
/* Completes and finalizes it: a sound database, alone. */
void complete_snapshot(void);
/* The way it went, or goes, has this in its text. */
#define LIVE "copied while its daemon ran"
void expect_way(const char *part);
/* No directory of ours. */
void expect_nothing_left(void);
/* Begins and completes, with no daemon. */
int try_to_take(void);
void take(void);
/* Puts it back; the name of what was kept aside, which the caller frees. */
char *restore(void);
/* … when known, another snapshot, is kept. */
char *restore_knowing(const char *known);
char *beside(const char *suffix);
bool has_beside(const char *suffix);
char *listing(void);
void damage(const char *path);

#endif
