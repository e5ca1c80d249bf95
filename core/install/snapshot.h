/*
 * snapshot.h - a database kept aside around an update, and put back into the live file.
 *
 * Most of it is done while the daemon runs: snapshot_begin() copies the database under a read
 * transaction that keeps every later change in the WAL, and a process of its own goes on watching
 * that this harms nobody. After the stop, snapshot_complete() adds the rest of the WAL, which takes
 * a moment whatever the size. Where that cannot be done (no WAL, a daemon that locks everybody out,
 * one that waits for us) the copy made beforehand is compared and brought up to date after the
 * stop.
 *
 * The snapshot is .banger-update/<run>/NAME.db beside the database, with what its NAME.db-wal
 * adds until snapshot_finalize() has folded it in. It is complete when it has that name. It is put
 * back with SQLite's backup API INTO the live file, so that inode, owner and mode stay and a stale
 * -wal is not replayed; the failed database is first kept as PATH.failed-<run>.
 *
 * All work is done in forked children: opening and closing a database file in a process that also
 * holds a connection to it would drop its POSIX locks. As root, they become the database's user
 * (database->user, else the file's owner, else the directory's) before they open anything.
 */
#ifndef INSTALL_SNAPSHOT_H
#define INSTALL_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/host.h"

/* To restore from what a journal kept, fill the first four by hand and borrow the strings. */
struct snapshot {
	const struct database *database;
	bool existed; /* false: the database was missing and may be; path and fingerprint NULL */
	char *path;   /* the copy */
	char *fingerprint; /* of the schema: user_version, sqlite_schema, rows of the record */
	char *way;         /* for the report: "copied while the daemon ran", …, and why not so */
};

void snapshot_finish(struct snapshot *snapshot);

/* What the schema looks like, as one string to compare (see install/fingerprint.h); the database
 * may be in use. -ENOENT: it is missing. */
MUST_CHECK int snapshot_fingerprint(const struct database *database, char **ret, struct error *err);

struct snapshot_hold;

/*
 * Everything that can be done while the daemon runs: space reserved, copy made, checked
 * (quick_check), hold kept by a process of its own until snapshot_complete() or
 * snapshot_abandon(). It needs no call meanwhile: it lets go by itself when somebody waits for it.
 * One run may hold several databases. -ENOENT: missing and that is not ok; -ENOSPC before
 * anything is written; -EUCLEAN: damaged already; -EINVAL: links, or planted files. After an
 * error nothing of it is left. Which database it was, the caller says, as for snapshot_complete().
 */
MUST_CHECK int snapshot_begin(const struct database *database, const char *run,
			      struct snapshot_hold **ret, struct error *err);

/*
 * What the snapshot will be, for the journal, before it is complete: existed, the path it will
 * have, the schema's fingerprint, and the way as it looks now. The fingerprint is NULL when only
 * the daemon can read its database while it runs (locking_mode = EXCLUSIVE, a lock-free VFS): then
 * snapshot_complete() tells it. Borrowed until the hold ends.
 */
const struct snapshot *snapshot_planned(const struct snapshot_hold *hold);

/*
 * After the stop: complete and durable on return, and nothing holds the database any more. Ends the
 * hold in any case. -ESTALE: the schema is no longer the one that snapshot_begin() saw; -EBUSY:
 * somebody still writes. After an error nothing of it is left.
 */
MUST_CHECK int snapshot_complete(struct snapshot_hold **hold, struct snapshot *ret,
				 struct error *err);

/* Lets go, at once for the daemon, and removes all that was made. NULL is fine. */
void snapshot_abandon(struct snapshot_hold **hold);

/* Later, the daemon runs again: folds the WAL into the snapshot, one file is left. Idempotent.
 * -EUCLEAN: it is not what was taken. */
MUST_CHECK int snapshot_finalize(const struct snapshot *snapshot, struct error *err);

/*
 * Puts the database back when its policy and fingerprint ask for it. The daemon is stopped.
 * *ret_failed names the migrated file that was kept aside, NULL when nothing had to be put back;
 * freed by the caller. A database that did not exist before is moved aside. What is the same as
 * known, another snapshot or NULL, is not kept again. Uses the space that snapshot_begin()
 * reserved. Idempotent; nothing kept aside is ever overwritten.
 */
MUST_CHECK int snapshot_restore(const struct snapshot *snapshot, const char *run, const char *known,
				char **ret_failed, struct error *err);

/* The name that a run's first restore of the database at path keeps it under. NULL: no memory. */
char *snapshot_kept_name(const char *path, const char *run);

/* Gives back what was reserved for a rollback: at the commit. Idempotent. */
MUST_CHECK int snapshot_reserve_release(const struct database *database, const char *run,
					struct error *err);

/* For recovery: removes what a killed run left of a snapshot that is not complete, its reserve and
 * temporaries. A complete one stays. Idempotent. */
MUST_CHECK int snapshot_discard(const struct database *database, const char *run,
				struct error *err);

/* Of these runs, in this order, keeps so many that have a snapshot beside the database, and removes
 * those of the others. Another product's runs, and files kept as PATH.failed-…, stay. */
MUST_CHECK int snapshot_prune(const struct database *database, const struct strings *runs,
			      uint64_t keep, struct error *err);

#endif
