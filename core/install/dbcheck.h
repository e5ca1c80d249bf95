/*
 * dbcheck.h - is a database damaged? Asked of SQLite, without the daemon that it belongs to.
 */
#ifndef INSTALL_DBCHECK_H
#define INSTALL_DBCHECK_H

#include <sqlite3.h>

#include "base/error.h"

/*
 * quick_check, constraints aside: what CHECK says is the daemon's business, and may be said in
 * functions of its own. A table that cannot be read without those (a virtual column that uses one)
 * is left out. db is one that dbfile.h opened. -EUCLEAN: it is damaged.
 */
MUST_CHECK int dbcheck_run(sqlite3 *db, struct error *err);

#endif
