/*
 * test_flow_journal.c - the journal of another version of the updater: one that is newer is read as
 * long as it says that it may be, one that is older always.
 *
 * journals/ has the tables as each release made them, never changed afterwards.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"

#define FORMER BANGER_SOURCE_DIR "/tests/flow/journals/0.1.0.sql"

static struct world world;

static void set_up(void)
{
	world = world_make(&(struct world_options){0});
}

static void tear_down(void)
{
	world_finish(&world);
}

TestSuite(journal, .init = set_up, .fini = tear_down, .timeout = 300);

/* ---- its file, from outside -------------------------------------------------------------------
 */

static sqlite3 *open_database(const char *name)
{
	char *path = path_join(world.state, name);
	sqlite3 *db = NULL;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	free(path);
	return db;
}

static void execute_on(sqlite3 *db, const char *sql)
{
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(db));
}

static void execute(const char *sql)
{
	sqlite3 *db = open_database("journal.db");

	execute_on(db, sql);
	cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

/* Runs each statement that query makes: one text in a row. */
static void execute_each(sqlite3 *db, const char *query)
{
	sqlite3_stmt *stmt = NULL;
	char *all = strdup("");

	cr_assert_eq(sqlite3_prepare_v2(db, query, -1, &stmt, NULL), SQLITE_OK, "%s",
		     sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		char *more = NULL;

		cr_assert(asprintf(&more, "%s%s;", all,
				   (const char *)sqlite3_column_text(stmt, 0)) > 0);
		free(all);
		all = more;
	}
	cr_assert_eq(sqlite3_finalize(stmt), SQLITE_OK);
	cr_assert_neq(all[0], '\0', "nothing to do: %s", query);
	execute_on(db, all);
	free(all);
}

/* What an updater of the future may add: columns everywhere, tables, facts of its own. */
static void make_newer(void)
{
	sqlite3 *db = open_database("journal.db");

	execute_each(db,
		     "SELECT format('ALTER TABLE %s ADD COLUMN mood TEXT NOT NULL DEFAULT ''x''',"
		     " name) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
		     "'sqlite_%' AND name != 'schema_migrations'");
	execute_on(db, "CREATE TABLE weather (run TEXT REFERENCES run (id), sky TEXT);"
		       "INSERT INTO weather SELECT id, 'blue' FROM run;"
		       "CREATE INDEX by_mood ON run (mood);"
		       "INSERT INTO meta (key, value) VALUES ('reader', 9);"
		       "PRAGMA user_version = 9");
	cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

/* The same rows in the tables of a former release, as far as it had a place for them. */
static void make_former(void)
{
	char *path = path_join(world.state, "journal.db");
	char *sql = scratch_read(FORMER);
	char *attach = sqlite3_mprintf("ATTACH %Q AS now", path);
	sqlite3 *db = open_database("former.db");

	execute_on(db, sql);
	execute_on(db, attach);
	execute_on(db, "PRAGMA foreign_keys = OFF; DELETE FROM meta");
	execute_each(db, "SELECT format('INSERT INTO main.%s (%s) SELECT %s FROM now.%s', t.name, "
			 "c.names, c.names, t.name) FROM main.sqlite_schema t, (SELECT s.name AS "
			 "of, group_concat(i.name) AS names FROM main.sqlite_schema s, "
			 "pragma_table_info(s.name, 'main') i GROUP BY s.name) c "
			 "WHERE t.type = 'table' AND c.of = t.name");
	execute_on(db, "DETACH now");
	cr_assert_eq(sqlite3_close(db), SQLITE_OK);
	char *former = path_join(world.state, "former.db");

	cr_assert_eq(rename(former, path), 0);
	free(former);
	sqlite3_free(attach);
	free(sql);
	free(path);
}

static char *journal_text(void)
{
	char *line = NULL;

	cr_assert(asprintf(&line, "sqlite3 -readonly %s/journal.db .dump >%s/dump", world.state,
			   world.scratch.path) > 0);
	cr_assert_eq(system(line), 0, "%s", line);
	char *path = path_join(world.scratch.path, "dump");
	char *text = scratch_read(path);

	cr_assert_eq(unlink(path), 0);
	free(path);
	free(line);
	return text;
}

/* ---- runs -------------------------------------------------------------------------------------
 */

static void update_to(const char *version)
{
	publish_release(&world, version, 2, NULL);
	expect_exit(&world, "", 0, "is installed and healthy");
	assert_runs(&world, version);
}

/* An update to 0.2.0 with a migration of its own, killed when the new release had been started. */
static void kill_half_way(void)
{
	char *command = world_start_command(&world);
	char *start = world_script(&world, "start.sh", "%s; kill -9 $updater", command);

	publish_release(&world, "0.2.0", 3, NULL);
	world_configure(&world, "[service bangerd]", "start", start);
	expect_exit(&world, "", -1, NULL);
	free(world_script(&world, "start.sh", "exec %s", command));
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	free(start);
	free(command);
}

static void expect_taken_back(const struct sight *before)
{
	expect_exit(&world, "status", 0, "INTERRUPTED");
	expect_exit(&world, "history", 0, "0.1.0 -> 0.2.0  not ended");
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	assert_restored(&world, before, 1);
	expect_exit(&world, "history", 0, "0.1.0 -> 0.2.0  rolled-back");
	expect_exit(&world, "--to 0.2.0", 0, "0.2.0 is installed and healthy");
	assert_runs(&world, "0.2.0");
}

Test(journal, a_newer_one_is_read_and_written)
{
	update_to("0.2.0");
	make_newer();
	expect_exit(&world, "status", 0, "0.2.0");
	expect_exit(&world, "history", 0, "0.1.0 -> 0.2.0  updated");
	expect_exit(&world, "recover", 0, "nothing to recover");
	update_to("0.3.0");
	expect_exit(&world, "rollback --yes", 0, "0.2.0 is installed and healthy");
	assert_runs(&world, "0.2.0");
	expect_exit(&world, "--hold 0.3.0", 0, "0.3.0 is held");
}

Test(journal, a_run_that_a_newer_updater_left_half_way_is_taken_back)
{
	struct sight before = sight_take(&world);

	kill_half_way();
	make_newer();
	expect_taken_back(&before);
	sight_free(&before);
}

Test(journal, a_run_that_a_former_updater_left_half_way_is_taken_back)
{
	struct sight before = sight_take(&world);

	kill_half_way();
	make_former();
	expect_taken_back(&before);
	sight_free(&before);
}

Test(journal, a_former_one_is_read_and_written)
{
	update_to("0.2.0");
	make_former();
	expect_exit(&world, "status", 0, "0.2.0");
	expect_exit(&world, "history", 0, "0.1.0 -> 0.2.0  updated");
	expect_exit(&world, "rollback --yes", 0, "0.1.0 is installed and healthy");
	update_to("0.3.0");
}

/* Whatever is asked, and however the run before it ended. */
static void expect_refused_unread(int count, const char *const *lines)
{
	execute("UPDATE meta SET value = 2 WHERE key = 'min_reader'");
	struct sight before = sight_take(&world);
	char *text = journal_text();

	for (int i = 0; i < count; i++) {
		expect_exit(&world, lines[i], 3,
			    "it was written by a newer updater and this one could misread it; use "
			    "the newer one");
		assert_unchanged(&world, &before);
	}
	char *now = journal_text();

	cr_assert_str_eq(now, text);
	free(now);
	free(text);
	sight_free(&before);
}

static const char *const lines[] = {"status",  "history",   "recover",    "rollback --yes",
				    "",        "--dry-run", "--to 0.3.0", "--hold 0.3.0",
				    "--check", "preflight"};
#define LINES ((int)(sizeof(lines) / sizeof(lines[0])))

Test(journal, one_that_would_be_misread_is_left_alone)
{
	update_to("0.2.0");
	publish_release(&world, "0.3.0", 2, NULL);
	expect_refused_unread(LINES, lines);
	execute("UPDATE meta SET value = 1 WHERE key = 'min_reader'");
	expect_exit(&world, "", 0, "0.3.0 is installed and healthy");
}

Test(journal, one_that_would_be_misread_is_left_alone_half_way_too)
{
	kill_half_way();
	expect_refused_unread(LINES, lines);
	execute("UPDATE meta SET value = 1 WHERE key = 'min_reader'");
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	assert_runs(&world, "0.1.0");
}

/* Nobody but its author knows how to take it back. */
Test(journal, a_phase_of_another_updater_is_not_guessed_at)
{
	kill_half_way();
	execute("INSERT INTO event (run, seq, at, phase, state) SELECT run, max(seq) + 1, max(at), "
		"'teleport', 'intent' FROM event");
	struct sight before = sight_take(&world);

	expect_exit(&world, "recover", 5, "recover with that one");
	expect_exit(&world, "", 5, "recover with that one");
	assert_unchanged(&world, &before);
	execute("DELETE FROM event WHERE phase = 'teleport'");
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	sight_free(&before);
}
