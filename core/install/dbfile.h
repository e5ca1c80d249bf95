/*
 * dbfile.h - a database's file: opened without surprises, copied whole, compared.
 *
 * For use in a child that has no other connection. Nothing here opens a database's file by itself
 * while a connection to it is open: closing it would drop the connection's POSIX locks. Collations
 * that only the daemon knows are stood in for: no connection from here may write rows.
 */
#ifndef INSTALL_DBFILE_H
#define INSTALL_DBFILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* path with its directory resolved, since SQLite is asked to follow no link. Freed by the caller.
 */
MUST_CHECK int dbfile_resolve(const char *path, char **ret, struct error *err);

enum dbfile_links {
	DBFILE_ONE_LINK, /* a file with two names could have its journal under either */
	DBFILE_ANY_LINKS,
};

/* Is it a regular file, with as many hard links as allowed? Else, and for a symbolic link, -EINVAL.
 * A missing file is no error: *ret_exists. */
MUST_CHECK int dbfile_look(const char *path, enum dbfile_links links, bool *ret_exists,
			   struct error *err);

/* What lies beside it under SQLite's names: -EINVAL for anything but regular files, each with as
 * many hard links as allowed. */
MUST_CHECK int dbfile_look_beside(const char *path, enum dbfile_links links, struct error *err);

/* Is there something at path with suffix behind it? */
MUST_CHECK int dbfile_has(const char *path, const char *suffix, bool *ret, struct error *err);

/* -ENAMETOOLONG: SQLite could not open a database at path. */
MUST_CHECK int dbfile_check_length(const char *path, struct error *err);

/* Opens the live database to read it: a hot journal is recovered, a WAL that is there stays. */
MUST_CHECK int dbfile_open_live(const char *path, sqlite3 **ret, struct error *err);

/* Opens a copy that nobody else touches, leaving no file beside it. */
MUST_CHECK int dbfile_open_copy(const char *path, sqlite3 **ret, struct error *err);

/* dbcheck_run() on one that was opened here, with a sentence that says what -EUCLEAN means. */
MUST_CHECK int dbfile_check(sqlite3 *db, struct error *err);

/* Everything in from as a new, durable file at path with the given mode; path must not exist. */
MUST_CHECK int dbfile_copy(sqlite3 *from, const char *path, mode_t mode, struct error *err);

/* Everything in the copy at from into the database at path, in one transaction, durable.
 * -EXDEV: page sizes differ, it cannot be done this way. */
MUST_CHECK int dbfile_restore_into(const char *from, const char *path, struct error *err);

/* Gives back the space of a WAL, as far as that can be done. */
void dbfile_shorten_wal(const char *path);

/* Whether two copies hold the same pages, counters of changes aside. */
MUST_CHECK int dbfile_same(const char *a, const char *b, bool *ret, struct error *err);

/* Removes path with suffix ("", "-wal", …) behind it; a missing file is success. */
MUST_CHECK int dbfile_remove(const char *path, const char *suffix, struct error *err);

#endif
