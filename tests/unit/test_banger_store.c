/*
 * test_banger_store.c - banger's migrations: the schema they make, column by column.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/guard.h"
#include "daemon/migrations.h"
#include "database_fixture.h"
#include "store/store.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *path;
static struct error error;

static void set_up(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "state.db");
}

static void tear_down(void)
{
	scratch_remove(&scratch);
	free(path);
}

TestSuite(banger_store, .init = set_up, .fini = tear_down);

/* A store that has the first count migrations. */
static sqlite3 *open_with(size_t count)
{
	struct migrations some = {banger_migrations.items, count};
	struct store_options options = {.path = path, .migrations = some};
	sqlite3 *db = NULL;

	cr_assert_eq(store_open(&options, &db, &error), 0, "%s", error.text);
	return db;
}

static void expect_row(sqlite3 *db, const char *sql, const char *expected)
{
	auto_stmt sqlite3_stmt *stmt = NULL;

	cr_assert_eq(store_prepare(db, sql, &stmt, &error), 0, "%s", error.text);
	cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW);
	cr_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), expected);
}

/* name type, ! for NOT NULL, * for the primary key, = and the default */
#define COLUMNS(table)                                                                             \
	"SELECT group_concat(name || ' ' || type || iif(\"notnull\", '!', '') || iif(pk, '*', '')" \
	" || ifnull('=' || dflt_value, ''), ', ') FROM pragma_table_info('" table "')"

#define IMAGES_HEAD                                                                                \
	"id TEXT*, name TEXT!, managed INTEGER!=0, artifact_dir TEXT, rootfs_path TEXT!, "         \
	"work_seed_path TEXT, kernel_path TEXT!, initrd_path TEXT, modules_dir TEXT, "             \
	"build_size TEXT, seeded_ssh_public_key_fingerprint TEXT, "
#define VMS_BASELINE                                                                               \
	"id TEXT*, name TEXT!, image_id TEXT!, guest_ip TEXT!, state TEXT!, created_at TEXT!, "    \
	"updated_at TEXT!, last_touched_at TEXT!, spec_json TEXT!, runtime_json TEXT!, "           \
	"stats_json TEXT!='{}'"

Test(banger_store, the_history_is_three_named_steps)
{
	auto_store sqlite3 *db = open_with(banger_migrations.count);

	expect_row(db, "SELECT group_concat(id || ' ' || name, ', ') FROM schema_migrations",
		   "1 baseline, 2 drop_images_docker, 3 add_vm_workspace");
}

Test(banger_store, the_baseline_has_every_column)
{
	auto_store sqlite3 *db = open_with(1);

	expect_row(db, COLUMNS("images"),
		   IMAGES_HEAD "docker INTEGER!=0, created_at TEXT!, updated_at TEXT!");
	expect_row(db, COLUMNS("vms"), VMS_BASELINE);
}

Test(banger_store, the_last_schema_has_every_column)
{
	auto_store sqlite3 *db = open_with(banger_migrations.count);

	expect_row(db, COLUMNS("images"), IMAGES_HEAD "created_at TEXT!, updated_at TEXT!");
	expect_row(db, COLUMNS("vms"), VMS_BASELINE ", workspace_json TEXT!='{}'");
}

Test(banger_store, the_record_has_the_columns_of_the_runner)
{
	auto_store sqlite3 *db = open_with(banger_migrations.count);

	expect_row(db, COLUMNS("schema_migrations"), "id INTEGER*, name TEXT!, applied_at TEXT!");
}

#define AN_IMAGE                                                                                   \
	"INSERT INTO images (id, name, rootfs_path, kernel_path, created_at, updated_at) "         \
	"VALUES ('i', 'debian', '/r', '/k', 't', 't')"
#define A_VM(id, name, ip)                                                                         \
	"INSERT INTO vms (id, name, image_id, guest_ip, state, created_at, updated_at, "           \
	"last_touched_at, spec_json, runtime_json) VALUES ('" id "', '" name "', 'i', '" ip        \
	"', 's', 't', 't', 't', '{}', '{}')"

Test(banger_store, rows_survive_the_later_migrations)
{
	auto_store sqlite3 *old = open_with(1);

	cr_assert_eq(store_execute(old, AN_IMAGE, NULL, &error), 0, "%s", error.text);
	cr_assert_eq(store_execute(old, A_VM("v", "one", "10.0.0.2"), NULL, &error), 0, "%s",
		     error.text);
	store_close(&old);
	auto_store sqlite3 *db = open_with(banger_migrations.count);

	expect_row(db, "SELECT name || workspace_json || stats_json FROM vms", "one{}{}");
	expect_row(db, "SELECT name FROM images", "debian");
}

static void expect_constraint(sqlite3 *db, const char *sql)
{
	cr_assert_eq(store_execute(db, sql, NULL, &error), -EBADE, "it was accepted: %s", sql);
}

Test(banger_store, names_and_addresses_are_unique_and_an_image_in_use_stays)
{
	auto_store sqlite3 *db = open_with(banger_migrations.count);

	expect_constraint(db, A_VM("v", "one", "10.0.0.2"));
	cr_assert_eq(store_execute(db, AN_IMAGE, NULL, &error), 0, "%s", error.text);
	cr_assert_eq(store_execute(db, A_VM("v", "one", "10.0.0.2"), NULL, &error), 0, "%s",
		     error.text);
	expect_constraint(db, A_VM("w", "one", "10.0.0.3"));
	expect_constraint(db, A_VM("w", "two", "10.0.0.2"));
	expect_constraint(db, "INSERT INTO images SELECT 'j', name, managed, artifact_dir, "
			      "rootfs_path, work_seed_path, kernel_path, initrd_path, modules_dir, "
			      "build_size, seeded_ssh_public_key_fingerprint, created_at, "
			      "updated_at FROM images");
	expect_constraint(db, "DELETE FROM images");
}
