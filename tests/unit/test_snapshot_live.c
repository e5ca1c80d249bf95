/*
 * test_snapshot_live.c - databases kept aside while their daemon writes to them, in the ways that
 * daemons open databases.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "snapshot_case.h"
#include "writer_case.h"

#define WAL    "PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 20000;"
#define DELETE "PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 20000;"

TestSuite(snapshot_live, .init = set_up_rows, .fini = tear_down, .timeout = 110);

Test(snapshot_live, every_commit_before_the_stop_is_in_the_snapshot)
{
	struct writer writer = writer_start(database.path, WAL, ONE_ROW);

	writer_wait(&writer, 20);
	begin_snapshot();
	expect_way(LIVE);
	writer_wait(&writer, 20);
	int written = (int)writer_stop(&writer);

	complete_snapshot();
	expect_way(LIVE);
	cr_assert_eq(rows(snapshot.path), 3000 + written);
	cr_assert_eq(rows(database.path), 3000 + written);
}

Test(snapshot_live, a_daemon_that_is_killed_loses_no_commit)
{
	struct writer writer = writer_start(database.path, WAL, ONE_ROW);

	begin_snapshot();
	writer_wait(&writer, 20);
	int written = (int)writer_kill(&writer);

	complete_snapshot();
	expect_way(LIVE);
	int kept = rows(snapshot.path) - 3000;
	int live = rows(database.path) - 3000;

	/* The last one may be there without having been acknowledged. */
	cr_assert(kept == written || kept == written + 1, "%d of %d", kept, written);
	cr_assert(live == kept || live == written + 1, "%d, %d of %d", live, kept, written);
}

/* Nothing can be written to the database then, but its WAL may start anew once. */
Test(snapshot_live, a_wal_that_starts_anew_under_the_hold_is_copied_anew)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	cr_assert(writer_run(&writer, ONE_ROW "; PRAGMA wal_checkpoint(PASSIVE)") == 0);
	begin_snapshot();
	expect_way(LIVE);
	cr_assert(writer_run(&writer, "DELETE FROM rows WHERE id > 2000") == 0);
	cr_assert(writer_run(&writer, "PRAGMA wal_checkpoint(PASSIVE)") == 0);
	cr_assert(writer_run(&writer, ONE_ROW) == 0);
	(void)writer_stop(&writer);
	complete_snapshot();
	expect_way(LIVE);
	cr_assert_eq(rows(snapshot.path), 2001);
}

Test(snapshot_live, a_vacuum_under_the_hold_is_in_the_snapshot)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	cr_assert(writer_run(&writer, ONE_ROW) == 0);
	begin_snapshot();
	cr_assert(writer_run(&writer, "DELETE FROM rows WHERE id % 2 = 0; VACUUM") == 0);
	cr_assert(writer_run(&writer, "PRAGMA wal_checkpoint(PASSIVE)") == 0);
	(void)writer_stop(&writer);
	complete_snapshot();
	expect_way(LIVE);
	cr_assert_eq(rows(snapshot.path), rows(database.path));
}

Test(snapshot_live, nobody_has_it_open_and_nothing_is_left_beside_it)
{
	char *before = listing();

	begin_snapshot();
	expect_way(LIVE);
	complete_snapshot();
	char *after = listing();

	cr_assert_str_eq(before, after);
	cr_assert_eq(rows(snapshot.path), 3000);
	free(before);
	free(after);
}

Test(snapshot_live, what_it_will_be_is_known_before_the_stop)
{
	char *fingerprint = NULL;

	begin_snapshot();
	const struct snapshot *planned = snapshot_planned(held);

	cr_assert(planned->existed && planned->database == &database);
	cr_assert(!scratch_exists(planned->path), "it is complete before it is");
	cr_assert(snapshot_fingerprint(&database, &fingerprint, &err) == 0, "%s", err.text);
	cr_assert_str_eq(planned->fingerprint, fingerprint);
	char *path = strdup(planned->path);

	complete_snapshot();
	cr_assert_str_eq(snapshot.path, path);
	cr_assert_str_eq(snapshot.fingerprint, fingerprint);
	free(fingerprint);
	free(path);
}

Test(snapshot_live, a_rollback_journal_is_compared_after_the_stop)
{
	run_sql(database.path, DELETE);
	struct writer writer = writer_start(database.path, DELETE, ONE_ROW);

	writer_wait(&writer, 5);
	begin_snapshot();
	expect_way("it keeps no WAL");
	writer_wait(&writer, 5);
	int written = (int)writer_stop(&writer);

	complete_snapshot();
	cr_assert_eq(rows(snapshot.path), 3000 + written);
}

Test(snapshot_live, a_hot_journal_of_a_killed_daemon_is_rolled_back_first)
{
	run_sql(database.path, DELETE);
	struct writer writer = writer_start(database.path, DELETE "PRAGMA cache_size = 5", NULL);

	begin_snapshot();
	cr_assert(writer_run(&writer, "BEGIN; DELETE FROM rows WHERE id > 1000") == 0);
	(void)writer_kill(&writer);
	cr_assert(has_beside("-journal"), "the crash left no journal");
	complete_snapshot();
	cr_assert_eq(rows(snapshot.path), 3000);
}

Test(snapshot_live, a_daemon_that_locks_everybody_out_is_left_alone_until_its_stop)
{
	struct writer writer =
		writer_start(database.path, "PRAGMA locking_mode = EXCLUSIVE;" WAL ONE_ROW,
			     ONE_ROW);

	begin_snapshot();
	expect_way("lets nobody else in");
	cr_assert_null(snapshot_planned(held)->fingerprint, "who could have read it?");
	writer_wait(&writer, 5);
	int written = (int)writer_stop(&writer);

	complete_snapshot();
	cr_assert_eq(rows(snapshot.path), 3001 + written);
	cr_assert_not_null(snapshot.fingerprint);
}

Test(snapshot_live, a_daemon_that_takes_no_locks_is_noticed)
{
	char *address = NULL;

	free(database.path);
	database.path = scratch_path(&scratch, "var lib/plain.db");
	run_sql(database.path, WAL OLD_SCHEMA ROWS_TABLE ROWS(100));
	cr_assert(asprintf(&address, "file:%s?vfs=unix-none", database.path) > 0);
	struct writer writer =
		writer_start(address, "PRAGMA locking_mode = EXCLUSIVE;" ONE_ROW, NULL);

	begin_snapshot();
	expect_way("without SQLite's locks");
	(void)writer_stop(&writer);
	complete_snapshot();
	cr_assert_eq(rows(snapshot.path), 101);
	free(address);
}

Test(snapshot_live, an_empty_file_is_a_database)
{
	cr_assert(truncate(database.path, 0) == 0);
	begin_snapshot();
	cr_assert(snapshot_complete(&held, &snapshot, &err) == 0, "%s", err.text);
	cr_assert(snapshot_finalize(&snapshot, &err) == 0, "%s", err.text);
}

Test(snapshot_live, a_schema_that_changes_before_the_stop_ends_the_update)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	begin_snapshot();
	expect_way(LIVE);
	cr_assert(writer_run(&writer, "CREATE TABLE surprise (a)") == 0);
	(void)writer_stop(&writer);
	cr_assert(snapshot_complete(&held, &snapshot, &err) == -ESTALE);
	cr_assert_not_null(strstr(err.text, "schema"), "%s", err.text);
	cr_assert_null(held);
	expect_nothing_left();
	cr_assert_eq(rows(database.path), 3000);
}

Test(snapshot_live, a_database_that_appears_before_the_stop_ends_the_update)
{
	free(database.path);
	database.path = scratch_path(&scratch, "var lib/later.db");
	database.missing_ok = true;
	begin_snapshot();
	cr_assert(!snapshot_planned(held)->existed);
	run_sql(database.path, OLD_SCHEMA);
	cr_assert(snapshot_complete(&held, &snapshot, &err) == -ESTALE, "%s", err.text);
}

Test(snapshot_live, abandoned_it_leaves_nothing_and_the_daemon_goes_on)
{
	struct writer writer = writer_start(database.path, WAL, ONE_ROW);

	begin_snapshot();
	snapshot_abandon(&held);
	cr_assert_null(held);
	snapshot_abandon(&held);
	expect_nothing_left();
	cr_assert(writer_run(&writer, "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
	writer_wait(&writer, 5);
	int written = (int)writer_stop(&writer);

	cr_assert_eq(rows(database.path), 3000 + written);
}

Test(snapshot_live, two_databases_are_held_at_once)
{
	struct database other = {.name = strdup("other"),
				 .path = scratch_path(&scratch, "var lib/other.db"),
				 .record = strdup("schema_migrations")};
	struct snapshot_hold *second = NULL;
	struct snapshot taken = {0};

	run_sql(other.path, WAL OLD_SCHEMA);
	begin_snapshot();
	cr_assert(snapshot_begin(&other, RUN, &second, &err) == 0, "%s", err.text);
	complete_snapshot();
	cr_assert(snapshot_complete(&second, &taken, &err) == 0, "%s", err.text);
	cr_assert(snapshot_finalize(&taken, &err) == 0, "%s", err.text);
	cr_assert_eq(users(taken.path), 2);
	snapshot_finish(&taken);
	database_finish(&other);
}

Test(snapshot_live, a_damaged_database_refuses_the_update_while_its_daemon_runs)
{
	struct writer writer = writer_start(database.path, WAL, NULL);
	int fd = open(database.path, O_WRONLY | O_CLOEXEC);
	char garbage[4096];

	memset(garbage, 0xee, sizeof(garbage));
	cr_assert(fd >= 0 && pwrite(fd, garbage, sizeof(garbage), 300 * 4096) == sizeof(garbage));
	(void)close(fd);
	cr_assert(snapshot_begin(&database, RUN, &held, &err) == -EUCLEAN, "%s", err.text);
	cr_assert_null(held);
	expect_nothing_left();
	(void)writer_stop(&writer);
}
