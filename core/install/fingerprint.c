/*
 * fingerprint.c - fingerprint.h: typed values, each with its length, so that no two schemas read
 * the same.
 */
#include "install/fingerprint.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "store/store.h"

static int add_value(struct hasher *hasher, sqlite3_stmt *stmt, int column, struct error *err)
{
	int type = sqlite3_column_type(stmt, column);
	/* A blob, or the text of anything else: the order of the calls is SQLite's rule. */
	const void *bytes = type == SQLITE_BLOB ? sqlite3_column_blob(stmt, column)
						: (const void *)sqlite3_column_text(stmt, column);
	int length = sqlite3_column_bytes(stmt, column);
	int rc = hasher_add(hasher, &type, sizeof(type), err);

	if (bytes == NULL && length > 0) {
		return error_no_memory(err);
	}
	if (rc == 0) {
		rc = hasher_add(hasher, &length, sizeof(length), err);
	}
	return rc == 0 && length > 0 ? hasher_add(hasher, bytes, (size_t)length, err) : rc;
}

static int add_row(struct hasher *hasher, sqlite3_stmt *stmt, struct error *err)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < sqlite3_column_count(stmt); i++) {
		rc = add_value(hasher, stmt, i, err);
	}
	return rc;
}

/* All rows of a query, and in the end their number, which separates it from the next query. */
static int add_query(struct hasher *hasher, sqlite3 *db, const char *sql, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	uint64_t count = 0;
	int rc = store_prepare(db, sql, &stmt, err);

	while (rc == 0) {
		int step = sqlite3_step(stmt);

		if (step == SQLITE_DONE) {
			return hasher_add(hasher, &count, sizeof(count), err);
		}
		if (step != SQLITE_ROW) {
			return store_error(err, db, step, "reading the schema");
		}
		if (++count > LIMIT_MIGRATIONS) {
			return error_set(err, -E2BIG, "the schema has more than %u rows",
					 LIMIT_MIGRATIONS);
		}
		rc = add_row(hasher, stmt, err);
	}
	return rc;
}

static int has_table(sqlite3 *db, const char *name, bool *ret, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
			       &stmt, err);

	if (rc < 0) {
		return rc;
	}
	(void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	int step = sqlite3_step(stmt);

	if (step != SQLITE_ROW && step != SQLITE_DONE) {
		return store_error(err, db, step, "reading the schema");
	}
	*ret = step == SQLITE_ROW;
	return 0;
}

/* "SELECT * FROM record ORDER BY 1, 2, …": a total order, also for a table WITHOUT ROWID. */
static int record_query(sqlite3 *db, const char *record, struct buffer *sql, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	char *all = sqlite3_mprintf("SELECT * FROM \"%w\"", record);
	int rc = all == NULL ? error_no_memory(err) : store_prepare(db, all, &stmt, err);

	if (rc == 0 && buffer_add_format(sql, "%s", all) < 0) {
		rc = error_no_memory(err);
	}
	sqlite3_free(all);
	for (int i = 0; rc == 0 && i < sqlite3_column_count(stmt); i++) {
		/* Binary: a collation of the daemon's own is not known here. */
		if (buffer_add_format(sql, "%s%d COLLATE BINARY", i == 0 ? " ORDER BY " : ", ",
				      i + 1) < 0) {
			rc = error_no_memory(err);
		}
	}
	return rc;
}

static int add_record(struct hasher *hasher, sqlite3 *db, const char *record, struct error *err)
{
	auto_buffer struct buffer sql = BUFFER_INIT(LIMIT_SQL);
	bool there = false;
	int rc = has_table(db, record, &there, err);

	if (rc < 0 || !there) {
		return rc;
	}
	rc = record_query(db, record, &sql, err);
	return rc == 0 ? add_query(hasher, db, buffer_text(&sql), err) : rc;
}

int fingerprint_make(sqlite3 *db, const char *record, struct digest *ret, struct error *err)
{
	auto_hasher struct hasher hasher = {0};
	int rc = hasher_init(&hasher, err);

	if (rc == 0) {
		rc = add_query(&hasher, db, "PRAGMA user_version", err);
	}
	if (rc == 0) {
		rc = add_query(&hasher, db,
			       "SELECT type, name, tbl_name, sql FROM sqlite_schema"
			       " WHERE name NOT GLOB 'sqlite_stat[0-9]'"
			       " ORDER BY type, name, tbl_name, sql",
			       err);
	}
	if (rc == 0) {
		rc = add_record(&hasher, db, record, err);
	}
	return rc == 0 ? hasher_result(&hasher, ret, err) : rc;
}
