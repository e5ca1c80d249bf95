/*
 * fingerprint.h - what a database's schema looks like, as a hash to compare.
 */
#ifndef INSTALL_FINGERPRINT_H
#define INSTALL_FINGERPRINT_H

#include <sqlite3.h>

#include "base/digest.h"
#include "base/error.h"

/*
 * SHA-256 of user_version, of every schema object's type, name, table and SQL in order of their
 * names, and of all rows of the table record, if there is one. sqlite_stat1 and its kind are left
 * out: a daemon that only let SQLite gather statistics has migrated nothing.
 */
MUST_CHECK int fingerprint_make(sqlite3 *db, const char *record, struct digest *ret,
				struct error *err);

#endif
