/*
 * dbcheck.h - is a database damaged? Asked of SQLite, without the daemon that it belongs to.
 */
#ifndef STORE_DBCHECK_H
#define STORE_DBCHECK_H

#include <sqlite3.h>

#include "base/error.h"

/*
 * Stands in for every collation that this process does not have: a statement whose table has one of
 * the daemon's own could not even be prepared. For those who neither write rows nor trust their
 * order. A code of SQLite's.
 */
MUST_CHECK int dbcheck_stand_in(sqlite3 *db);

/* Calls each with every table that has rows in this file, until one of them fails. */
typedef int (*dbcheck_visitor)(sqlite3 *db, const char *table, void *data, struct error *err);
MUST_CHECK int dbcheck_tables(sqlite3 *db, dbcheck_visitor each, void *data, struct error *err);

/*
 * quick_check, constraints aside: what CHECK says is the daemon's business, and may be said in
 * functions of its own. A table that cannot be read without those (a virtual column that uses one)
 * is left out. db has had dbcheck_stand_in(). -EUCLEAN: it is damaged, and *err has
 * SQLite's own words for it.
 */
MUST_CHECK int dbcheck_run(sqlite3 *db, struct error *err);

#endif
