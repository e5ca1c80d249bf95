/*
 * snapshot.h - a database kept aside while the daemon is stopped, and put back into the live file.
 *
 * Made with SQLite's backup API after the stop, into <directory>/<name>.db: temporary name, close,
 * fsync, rename, fsync of the directory (the backup API's own success does not survive a power
 * cut). Put back with the backup API INTO the live file, so that inode, owner, mode and a stale
 * -wal are right; the failed database is first kept as PATH.failed-<run>.
 * All SQLite work is done in a forked child: opening and closing a database file in a process that also
 * holds a connection to it would drop its POSIX locks.
 */
#ifndef INSTALL_SNAPSHOT_H
#define INSTALL_SNAPSHOT_H

#include <stdbool.h>

#include "base/error.h"
#include "model/host.h"

struct snapshot {
	const struct database *database;
	bool existed;      /* false: the database was missing and may be */
	char *path;        /* the copy */
	char *fingerprint; /* of the schema: user_version, sqlite_schema, rows of the record */
};

void snapshot_finish(struct snapshot *snapshot);

/* What the schema looks like, as one string to compare: hash of user_version, the text of sqlite_schema and the
 * rows of the record table. */
MUST_CHECK int snapshot_fingerprint(const struct database *database, char **ret,
				    struct error *err);

/* Takes a complete, checked (quick_check), durable copy. The daemon is stopped. */
MUST_CHECK int snapshot_take(const struct database *database, const char *directory,
			     struct snapshot *ret, struct error *err);

/*
 * Puts the database back when its policy and fingerprint ask for it. *ret_failed names the
 * migrated file that was kept aside, NULL when nothing had to be put back; freed by the caller. A database that did not exist before
 * is moved aside. Idempotent.
 */
MUST_CHECK int snapshot_restore(const struct snapshot *snapshot, const char *run,
				char **ret_failed, struct error *err);

/* Removes all but the newest keep snapshot directories below parent. */
MUST_CHECK int snapshot_prune(const char *parent, uint64_t keep, struct error *err);

#endif
