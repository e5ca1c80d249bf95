/*
 * record.c - record.h: the identifiers in a table of applied migrations.
 *
 * The database may be hostile: a view or a generated column of the expected name would run SQL of
 * its author's choice, so only a real table with a stored column is read, each value by its type.
 */
#include "store/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "store/store.h"

#define VALUE_SHOWN 40

/* Prepares sql with table as its only parameter. */
static int ask(sqlite3 *db, const char *sql, const char *table, sqlite3_stmt **ret,
	       struct error *err)
{
	int r = store_prepare(db, sql, ret, err);

	if (r < 0) {
		return r;
	}
	int rc = sqlite3_bind_text(*ret, 1, table, -1, SQLITE_STATIC);

	return rc == SQLITE_OK ? 0 : store_error(err, db, rc, NULL);
}

/* Views and virtual tables have no root page. */
static int find_table(sqlite3 *db, const char *table, bool *ret_found, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int r = ask(db,
		    "SELECT type = 'table' AND rootpage > 0 FROM sqlite_master"
		    " WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')",
		    table, &stmt, err);

	if (r < 0) {
		return r;
	}
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		return store_error(err, db, rc, NULL);
	}
	if (rc == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 0) {
		return error_set(err, -EINVAL,
				 "%s is a view or a virtual table, not a record of migrations",
				 table);
	}
	*ret_found = rc == SQLITE_ROW;
	return 0;
}

/* table_info leaves out generated columns. */
static int check_column(sqlite3 *db, const char *table, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int r = ask(db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = 'id' COLLATE NOCASE",
		    table, &stmt, err);

	if (r < 0) {
		return r;
	}
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_DONE) {
		return error_set(err, -EINVAL,
				 "table %s has no column id, so it is not a record of migrations",
				 table);
	}
	return rc == SQLITE_ROW ? 0 : store_error(err, db, rc, NULL);
}

static int bad_value(sqlite3_stmt *stmt, const char *table, struct error *err)
{
	bool is_blob = sqlite3_column_type(stmt, 0) == SQLITE_BLOB;
	const char *text = is_blob ? "a blob" : (const char *)sqlite3_column_text(stmt, 0);
	char shown[VALUE_SHOWN + 1] = "NULL";

	if (text != NULL) {
		shown[0] = '\0';
		strncat(shown, text, VALUE_SHOWN);
		text_sanitize(shown);
	}
	return error_set(err, -EINVAL, "table %s has a row whose id is not an integer: \"%s\"",
			 table, shown);
}

/* No CAST, which makes 12 of '12abc'. */
static int parse_value(sqlite3_stmt *stmt, int64_t *ret)
{
	switch (sqlite3_column_type(stmt, 0)) {
	case SQLITE_INTEGER:
		*ret = sqlite3_column_int64(stmt, 0);
		return 0;
	case SQLITE_TEXT: {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);
		uint64_t number = 0;

		if (text == NULL || strlen(text) != (size_t)sqlite3_column_bytes(stmt, 0) ||
		    text_parse_u64(text, &number) < 0 || number > INT64_MAX) {
			return -EINVAL;
		}
		*ret = (int64_t)number;
		return 0;
	}
	default:
		return -EINVAL;
	}
}

static int read_rows(sqlite3 *db, sqlite3_stmt *stmt, const char *table, struct ids *into,
		     struct error *err)
{
	int rc = SQLITE_DONE;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t id = 0;

		if (parse_value(stmt, &id) < 0) {
			return bad_value(stmt, table, err);
		}
		if (into->count == LIMIT_MIGRATIONS) {
			return error_set(err, -E2BIG, "table %s has more than %u rows", table,
					 LIMIT_MIGRATIONS);
		}
		if (ids_add(into, id) < 0) {
			return error_no_memory(err);
		}
	}
	return rc == SQLITE_DONE ? 0 : store_error(err, db, rc, NULL);
}

static int read_table(sqlite3 *db, const char *table, struct ids *into, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	/* id stays unquoted: SQLite takes a quoted name that is no column for a string. */
	char *sql = sqlite3_mprintf("SELECT id FROM \"%w\"", table);

	if (sql == NULL) {
		return error_no_memory(err);
	}
	int r = store_prepare(db, sql, &stmt, err);

	sqlite3_free(sql);
	return r < 0 ? r : read_rows(db, stmt, table, into, err);
}

int record_read(sqlite3 *db, const char *table, struct ids *ret, struct error *err)
{
	auto_ids struct ids list = {0};
	bool found = false;
	int r = find_table(db, table, &found, err);

	if (r == 0 && found) {
		r = check_column(db, table, err);
	}
	if (r == 0 && found) {
		r = read_table(db, table, &list, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = list;
	list = (struct ids){0};
	return 0;
}
