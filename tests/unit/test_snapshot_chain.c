/*
 * test_snapshot_chain.c - a WAL whose frames no recovery accepts, as SQLite 3.40.1 writes it after
 * ROLLBACK TO in a transaction that has spilled its cache: the daemon's rows are in the snapshot.
 *
 * With an SQLite that does not do so, the same rows come the ordinary way.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "snapshot_case.h"
#include "writer_case.h"

#define WAL    "PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 20000; PRAGMA cache_size = 20;"
#define BROKEN "holds less than its daemon sees"

#define ONE_USER "INSERT INTO users VALUES ('new')"

/* The first update spills the pages of a table, the second writes half of them over. */
#define BREAK                                                                                      \
	"BEGIN; " ONE_USER "; SAVEPOINT a; UPDATE rows SET pad = randomblob(1000);"                \
	"UPDATE rows SET pad = randomblob(1000) WHERE id > 1500; ROLLBACK TO a; COMMIT;"

TestSuite(snapshot_chain, .init = set_up_rows, .fini = tear_down, .timeout = 110);

/* What a recovery of the files as they are would find. */
static int users_of_plain_copy(void)
{
	char *command = NULL;
	char *copy = scratch_path(&scratch, "copy.db");

	cr_assert(asprintf(&command, "cp '%s' '%s' && cp '%s-wal' '%s-wal'", database.path, copy,
			   database.path, copy) > 0);
	cr_assert(system(command) == 0);
	int found = users(copy);

	free(command);
	free(copy);
	return found;
}

static void expect_broken(bool broken)
{
	expect_way(broken ? BROKEN : LIVE);
}

Test(snapshot_chain, broken_before_the_hold_it_is_left_to_the_daemon_s_own_end)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	cr_assert(writer_run(&writer, BREAK ONE_USER) == 0);
	bool broken = users_of_plain_copy() != 4;

	begin_snapshot();
	expect_broken(broken);
	(void)writer_stop(&writer);
	complete_snapshot();
	expect_broken(broken);
	cr_assert_eq(users(snapshot.path), 4);
	cr_assert_eq(users(database.path), 4);
}

Test(snapshot_chain, broken_under_the_hold_it_is_folded_in_through_the_index)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	begin_snapshot();
	expect_way(LIVE);
	cr_assert(writer_run(&writer, BREAK ONE_USER) == 0);
	bool broken = users_of_plain_copy() != 4;

	(void)writer_stop(&writer);
	complete_snapshot();
	expect_broken(broken);
	cr_assert_eq(users(snapshot.path), 4);
	cr_assert_eq(users(database.path), 4, "our hold has cost the daemon its rows");
}

Test(snapshot_chain, broken_under_the_hold_of_a_killed_daemon_too)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	begin_snapshot();
	cr_assert(writer_run(&writer, BREAK ONE_USER) == 0);
	(void)writer_kill(&writer);
	complete_snapshot();
	cr_assert_eq(users(snapshot.path), 4);
	cr_assert_eq(users(database.path), 4);
}

Test(snapshot_chain, abandoned_after_the_stop_it_is_folded_in_as_well)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	begin_snapshot();
	cr_assert(writer_run(&writer, BREAK ONE_USER) == 0);
	(void)writer_stop(&writer);
	snapshot_abandon(&held);
	cr_assert_eq(users(database.path), 4);
}

Test(snapshot_chain, the_recipe_breaks_the_wal_of_the_sqlite_it_was_found_in)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	cr_assert(writer_run(&writer, BREAK ONE_USER) == 0);
	if (sqlite3_libversion_number() == 3040001) {
		cr_assert(users_of_plain_copy() != 4);
	}
	(void)writer_stop(&writer);
}
