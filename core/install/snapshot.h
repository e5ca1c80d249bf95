/*
 * snapshot.h - a database kept aside while the daemon is stopped, and put back into the live file.
 *
 * Made with SQLite's backup API after the stop, beside the database, as
 * .banger-update/<run>/<name>.db: temporary name, close, fsync, rename, fsync of the directory (the
 * backup API's own success does not survive a power cut). Put back with the backup API INTO the
 * live file, so that inode, owner and mode stay and a stale -wal is not replayed; the failed
 * database is first kept as PATH.failed-<run>. All work is done in a forked child: opening and
 * closing a database file in a process that also holds a connection to it would drop its POSIX
 * locks. As root, the child becomes the database's user (database->user, else the file's owner,
 * else the directory's) before it opens anything.
 */
#ifndef INSTALL_SNAPSHOT_H
#define INSTALL_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/host.h"

/* To restore from what a journal kept, fill it by hand and borrow the strings. */
struct snapshot {
	const struct database *database;
	bool existed; /* false: the database was missing and may be; path and fingerprint NULL */
	char *path;   /* the copy */
	char *fingerprint; /* of the schema: user_version, sqlite_schema, rows of the record */
};

void snapshot_finish(struct snapshot *snapshot);

/* What the schema looks like, as one string to compare (see install/fingerprint.h); the database
 * may be in use. -ENOENT: it is missing. */
MUST_CHECK int snapshot_fingerprint(const struct database *database, char **ret, struct error *err);

/*
 * Takes a complete, checked (quick_check), durable copy. The daemon is stopped. The live files end
 * as they were, but for a hot journal that is recovered. -ENOENT: missing and that is not ok;
 * -ENOSPC before anything is written; -EUCLEAN: damaged; -EBUSY: somebody still writes.
 */
MUST_CHECK int snapshot_take(const struct database *database, const char *run, struct snapshot *ret,
			     struct error *err);

/*
 * Puts the database back when its policy and fingerprint ask for it. The daemon is stopped.
 * *ret_failed names the migrated file that was kept aside, NULL when nothing had to be put back;
 * freed by the caller. A database that did not exist before is moved aside. Idempotent; nothing
 * kept aside is ever overwritten.
 */
MUST_CHECK int snapshot_restore(const struct snapshot *snapshot, const char *run, char **ret_failed,
				struct error *err);

/* Removes all but the newest keep runs' snapshots of what lies in the database's directory. Files
 * kept as PATH.failed-… stay. */
MUST_CHECK int snapshot_prune(const struct database *database, uint64_t keep, struct error *err);

#endif
