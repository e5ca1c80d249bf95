/*
 * store.h - a SQLite database with an ordered history of migrations.
 *
 * Each migration and the row that records it are one transaction: it applies whole or not at all,
 * and a failed one is tried again at the next open. Knows nothing of banger: the updater's journal
 * and bangerd's state are both stores.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

struct migration {
	int64_t id; /* unique, greater than 0 */
	const char *name;
	/* Runs inside the transaction. 0 or a negative errno value with *err filled. */
	int (*up)(sqlite3 *db, struct error *err);
};

struct migrations {
	const struct migration *items;
	size_t count;
};

struct store_options {
	const char *path;
	struct migrations migrations;
	struct clock *clock; /* for applied_at; NULL: the system's */
};

/* What went wrong while a migration ran, for callers that tell "fails on this data" (a constraint,
 * a missing column) from what may be over the next time (disk, locks). */
#define STORE_MIGRATION_FAILED (-EBADE)

#define auto_store __attribute__((cleanup(store_close)))

/*
 * Opens (creates) the database: WAL, synchronous=FULL, foreign_keys=ON, busy_timeout 5 s, each
 * read back; then applies what is pending, in order of id. Errors, each with its cause:
 * -EINVAL a duplicate id (named); -EBADE a migration failed on the data; -ENOTUNIQ the database has
 * migrations that are not among options->migrations (named; nothing was changed); else as SQLite's
 * code maps.
 */
MUST_CHECK int store_open(const struct store_options *options, sqlite3 **ret, struct error *err);
void store_close(sqlite3 **db);

/* The identifiers of a table of migrations. */
MUST_CHECK int migrations_ids(const struct migrations *migrations, struct ids *ret);

/* Runs SQL without results; the sentence has what (may be NULL) and SQLite's own words. */
MUST_CHECK int store_execute(sqlite3 *db, const char *sql, const char *what, struct error *err);

/* Prepares exactly one statement. */
MUST_CHECK int store_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct error *err);

#define auto_stmt __attribute__((cleanup(store_finalize)))
void store_finalize(sqlite3_stmt **stmt);

/*
 * Fills *err from the connection's last error (db may be NULL when only rc is known) and returns a
 * negative errno value: BUSY and LOCKED -EBUSY, CANTOPEN the system's errno or -ENOENT, PERM, AUTH
 * and READONLY -EACCES, NOTADB and CORRUPT -EUCLEAN, FULL -ENOSPC, NOMEM -ENOMEM, INTERRUPT
 * -ETIMEDOUT, READONLY_ROLLBACK -ENOTRECOVERABLE; -EBADE where a statement and the data do not go
 * together (CONSTRAINT, MISMATCH, TOOBIG, ERROR); else -EIO.
 */
int store_error(struct error *err, sqlite3 *db, int rc, const char *what);

#endif
