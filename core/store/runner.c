/*
 * runner.c - runner.h: the migration runner.
 *
 * A migration and its row in the record are one transaction, begun IMMEDIATE: whether it still is
 * pending is asked again under the write lock, so that two openers cannot both apply it.
 */
#include "store/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "store/record.h"
#include "store/schema.h"

static const char create_record[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
				    " id INTEGER PRIMARY KEY,"
				    " name TEXT NOT NULL,"
				    " applied_at TEXT NOT NULL"
				    ")";

static int by_id(const void *a, const void *b)
{
	const struct migration *left = a;
	const struct migration *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

/* The migrations in order of id, for the caller to free; NULL: no memory. */
static struct migration *sorted_copy(const struct migrations *migrations)
{
	struct migration *copy = calloc(migrations->count + 1, sizeof(*copy));

	if (copy != NULL && migrations->count > 0) {
		memcpy(copy, migrations->items, migrations->count * sizeof(*copy));
		qsort(copy, migrations->count, sizeof(*copy), by_id);
	}
	return copy;
}

int runner_check(const struct migrations *migrations, struct error *err)
{
	auto_free struct migration *sorted = sorted_copy(migrations);

	if (sorted == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < migrations->count; i++) {
		if (sorted[i].id <= 0) {
			return error_set(err, -EINVAL,
					 "migration id %" PRId64 " (%s) is not positive",
					 sorted[i].id, sorted[i].name);
		}
		if (i > 0 && sorted[i].id == sorted[i - 1].id) {
			return error_set(err, -EINVAL, "duplicate migration id %" PRId64 " (%s)",
					 sorted[i].id, sorted[i].name);
		}
	}
	return 0;
}

int migrations_ids(const struct migrations *migrations, struct ids *ret)
{
	auto_ids struct ids list = {0};

	for (size_t i = 0; i < migrations->count; i++) {
		if (ids_add(&list, migrations->items[i].id) < 0) {
			return -ENOMEM;
		}
	}
	*ret = list;
	list = (struct ids){0};
	return 0;
}

static int compare(sqlite3 *db, const struct migrations *migrations, struct schema_state *ret,
		   struct error *err)
{
	auto_ids struct ids applied = {0};
	auto_ids struct ids known = {0};
	int r = record_read(db, SCHEMA_RECORD, &applied, err);

	if (r < 0) {
		return r;
	}
	if (migrations_ids(migrations, &known) < 0 || schema_classify(&applied, &known, ret) < 0) {
		return error_no_memory(err);
	}
	return 0;
}

int runner_refuse_unknown(sqlite3 *db, const struct migrations *migrations, struct error *err)
{
	auto_schema struct schema_state state = {0};
	int r = compare(db, migrations, &state, err);
	char unknown[IDS_TEXT_MAX];

	if (r < 0 || state.class != SCHEMA_INCOMPATIBLE) {
		return r;
	}
	return error_set(err, -ENOTUNIQ,
			 "it has migrations %s that this program does not know (it knows up to "
			 "%" PRId64 "): a newer release wrote it, and it was left unchanged; "
			 "install that release or restore a backup",
			 ids_text(&state.unknown, unknown), state.known_max);
}

static int is_recorded(sqlite3 *db, int64_t id, bool *ret, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int r = store_prepare(db, "SELECT 1 FROM schema_migrations WHERE id = ?1", &stmt, err);

	if (r < 0) {
		return r;
	}
	(void)sqlite3_bind_int64(stmt, 1, id);
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		return store_error(err, db, rc, "cannot read schema_migrations");
	}
	*ret = rc == SQLITE_ROW;
	return 0;
}

static int add_record(sqlite3 *db, const struct migration *migration, const struct clock *clock,
		      struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	char when[CLOCK_TEXT_SIZE];
	int r = store_prepare(db,
			      "INSERT INTO schema_migrations (id, name, applied_at)"
			      " VALUES (?1, ?2, ?3)",
			      &stmt, err);
	if (r < 0) {
		return error_prefix(err, "cannot record it");
	}
	(void)sqlite3_bind_int64(stmt, 1, migration->id);
	(void)sqlite3_bind_text(stmt, 2, migration->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(stmt, 3, clock_text(clock_wall(clock), when), -1, SQLITE_STATIC);
	int rc = sqlite3_step(stmt);

	return rc == SQLITE_DONE ? 0 : store_error(err, db, rc, "cannot record it");
}

static int apply_in_transaction(sqlite3 *db, const struct migration *migration,
				const struct clock *clock, struct error *err)
{
	bool recorded = false;
	int r = is_recorded(db, migration->id, &recorded, err);

	if (r < 0 || recorded) {
		return r;
	}
	r = migration->up(db, err);
	if (r < 0) {
		return r;
	}
	if (sqlite3_get_autocommit(db) != 0) {
		return error_set(err, -EINVAL,
				 "it ended the transaction that it must be part of; what it did "
				 "before cannot be taken back");
	}
	return add_record(db, migration, clock, err);
}

static void roll_back(sqlite3 *db)
{
	/* A full disk ends the transaction by itself. */
	if (sqlite3_get_autocommit(db) == 0) {
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	}
}

static int apply_one(sqlite3 *db, const struct migration *migration, const struct clock *clock,
		     struct error *err)
{
	int r = store_execute(db, "BEGIN IMMEDIATE", "cannot begin", err);

	if (r == 0) {
		r = apply_in_transaction(db, migration, clock, err);
	}
	if (r == 0) {
		r = store_execute(db, "COMMIT", "cannot commit", err);
	}
	if (r < 0) {
		roll_back(db);
		return error_prefix(err, "migration %" PRId64 " (%s)", migration->id,
				    migration->name);
	}
	return 0;
}

int runner_apply(sqlite3 *db, const struct migrations *migrations, const struct clock *clock,
		 struct error *err)
{
	auto_free struct migration *sorted = sorted_copy(migrations);
	auto_schema struct schema_state state = {0};

	if (sorted == NULL) {
		return error_no_memory(err);
	}
	int r = store_execute(db, create_record, "cannot create schema_migrations", err);

	if (r == 0) {
		r = compare(db, migrations, &state, err);
	}
	for (size_t i = 0; i < migrations->count && r == 0; i++) {
		if (ids_contain(&state.pending, sorted[i].id)) {
			r = apply_one(db, &sorted[i], clock, err);
		}
	}
	return r;
}
