/*
 * dbcheck.c - dbcheck.h: the whole database at once, or each table that can be read here.
 */
#include "store/dbcheck.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "store/store.h"

static int by_bytes(void *nothing, int length, const void *text, int other_length,
		    const void *other)
{
	int rc = memcmp(text, other, (size_t)(length < other_length ? length : other_length));

	(void)nothing;
	return rc != 0 ? rc : (length > other_length) - (length < other_length);
}

static void stand_in(void *nothing, sqlite3 *db, int encoding, const char *name)
{
	(void)nothing;
	(void)encoding;
	(void)sqlite3_create_collation(db, name, SQLITE_UTF8, NULL, by_bytes);
}

int dbcheck_stand_in(sqlite3 *db)
{
	return sqlite3_collation_needed(db, NULL, stand_in);
}

/* The first words of a check's answer. -EBADE: it needs what only the daemon has. */
static int check(sqlite3 *db, const char *sql, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, sql, &stmt, err);

	if (rc < 0) {
		return rc;
	}
	int step = sqlite3_step(stmt);

	if (step != SQLITE_ROW) {
		return store_error(err, db, step, "checking the database");
	}
	const char *answer = (const char *)sqlite3_column_text(stmt, 0);

	if (answer == NULL || strcmp(answer, "ok") != 0) {
		rc = error_set(err, -EUCLEAN, "%s",
			       answer != NULL ? answer : "quick_check gave no answer");
		text_sanitize(err->text);
	}
	return rc;
}

int dbcheck_tables(sqlite3 *db, dbcheck_visitor each, void *data, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int step = SQLITE_ROW;
	int rc = store_prepare(
		db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0", &stmt,
		err);

	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = each(db, (const char *)sqlite3_column_text(stmt, 0), data, err);
	}
	return rc == 0 && step != SQLITE_DONE ? store_error(err, db, step, "reading the schema")
					      : rc;
}

static int check_table(sqlite3 *db, const char *name, void *data, struct error *err)
{
	char *sql = sqlite3_mprintf("PRAGMA quick_check(%Q)", name);
	int rc = sql == NULL ? error_no_memory(err) : check(db, sql, err);

	(void)data;
	sqlite3_free(sql);
	return rc == -EBADE ? 0 : rc;
}

int dbcheck_run(sqlite3 *db, struct error *err)
{
	int rc = store_execute(db, "PRAGMA ignore_check_constraints = ON", NULL, err);

	if (rc == 0) {
		rc = check(db, "PRAGMA quick_check(1)", err);
	}
	return rc == -EBADE ? dbcheck_tables(db, check_table, NULL, err) : rc;
}
