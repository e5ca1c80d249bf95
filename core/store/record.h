/*
 * record.h - reads a table of applied migrations, trusting nothing that is in the database.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <sqlite3.h>

#include "base/error.h"
#include "base/text.h"

/*
 * The column id of table, in the table's order; empty when there is no such table. -EINVAL: it is a
 * view or virtual table, has no ordinary column id, or holds something that is not an
 * integer (text of digits is one); -E2BIG: more than LIMIT_MIGRATIONS rows.
 */
MUST_CHECK int record_read(sqlite3 *db, const char *table, struct ids *ret, struct error *err);

#endif
