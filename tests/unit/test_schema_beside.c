/*
 * test_schema_beside.c - schema_inspect() and the files beside a database: a WAL at rest, in use
 * and left by a crash, journals, locks, and writers that never pause.
 */
#include "store/schema.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "schema_case.h"

TestSuite(schema_beside, .init = schema_case_begin, .fini = schema_case_end);

static void remove_beside(const char *suffix)
{
	auto_free char *name = scratch_path(&scratch, "state.db%s", suffix);

	cr_assert_eq(unlink(name), 0);
}

static bool exists_beside(const char *suffix)
{
	auto_free char *name = scratch_path(&scratch, "state.db%s", suffix);

	return scratch_exists(name);
}

/* WAL: at rest, in use, and left by a crash */

Test(schema_beside, a_wal_database_at_rest_is_read_without_a_trace)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	cr_assert_not(exists_beside("-wal"));
	expect_untouched(SCHEMA_COMPATIBLE);
}

Test(schema_beside, an_empty_wal_left_beside_a_database_stays_as_it_is)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, WAL RECORD_OF("1"));
	scratch_write(wal, "");
	expect_untouched(SCHEMA_NEEDED);
}

Test(schema_beside, an_empty_wal_beside_a_rollback_database_stays_as_it_is)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, RECORD_OF("1"));
	scratch_write(wal, "");
	expect_untouched(SCHEMA_NEEDED);
}

Test(schema_beside, rows_that_are_only_in_the_wal_of_a_running_daemon_are_seen)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	pid_t daemon = database_hold(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	auto_free char *before = scratch_listing(scratch.path, "state.db-shm");

	expect_class(SCHEMA_INCOMPATIBLE);
	auto_free char *after = scratch_listing(scratch.path, "state.db-shm");

	cr_assert_str_eq(after, before);
	cr_assert(exists_beside("-shm"));
	database_kill(daemon);
}

Test(schema_beside, rows_that_a_crash_left_in_the_wal_are_seen)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	cr_assert(exists_beside("-wal"));
	cr_assert(exists_beside("-shm"));
	expect_untouched(SCHEMA_INCOMPATIBLE);
}

Test(schema_beside, rows_that_a_crash_left_in_the_wal_are_seen_without_the_shm)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	remove_beside("-shm");
	expect_untouched(SCHEMA_INCOMPATIBLE);
}

Test(schema_beside, a_transaction_that_a_crash_cut_off_in_the_wal_is_not_seen)
{
	database_run(path, WAL RECORD_OF("1,2,3") "CREATE TABLE fill (x)");
	database_crash(path, "PRAGMA cache_size=1; BEGIN;"
			     "INSERT INTO schema_migrations VALUES (99, '', '');"
			     "INSERT INTO fill SELECT zeroblob(4096) FROM " SERIES("64"));
	expect_untouched(SCHEMA_COMPATIBLE);
}

Test(schema_beside, a_wal_left_by_a_crash_reads_like_the_recovered_database)
{
	database_run(path, WAL RECORD_OF("1,2"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (3, '', '')");
	remove_beside("-shm");
	expect_untouched(SCHEMA_COMPATIBLE);
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 3);
}

/* An ordinary user in a directory that it cannot write */

static bool is_incompatible(const char *database)
{
	auto_schema struct schema_state state = {0};

	return schema_case_inspect(database, &state) == 0 && state.class == SCHEMA_INCOMPATIBLE;
}

static void expect_incompatible_as_nobody(void)
{
	cr_assert_eq(chmod(path, 0444), 0);
	cr_assert_eq(chmod(scratch.path, 0555), 0);
	auto_free char *before = scratch_listing(scratch.path, "state.db-shm");

	cr_assert(passes_as_nobody(is_incompatible, path));
	auto_free char *after = scratch_listing(scratch.path, "state.db-shm");

	cr_assert_str_eq(after, before);
}

Test(schema_beside, a_stranger_reads_a_wal_database_at_rest)
{
	database_run(path, WAL RECORD_OF("99"));
	expect_incompatible_as_nobody();
}

Test(schema_beside, a_stranger_reads_a_wal_that_a_crash_left)
{
	database_run(path, WAL RECORD_OF("1"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	expect_incompatible_as_nobody();
}

Test(schema_beside, a_stranger_reads_a_wal_that_a_crash_left_without_the_shm)
{
	database_run(path, WAL RECORD_OF("1"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	remove_beside("-shm");
	expect_incompatible_as_nobody();
}

Test(schema_beside, a_stranger_reads_a_wal_in_use)
{
	database_run(path, WAL RECORD_OF("1"));
	pid_t daemon = database_hold(path, "INSERT INTO schema_migrations VALUES (99, '', '')");

	expect_incompatible_as_nobody();
	database_kill(daemon);
}

Test(schema_beside, a_stranger_reads_a_wal_in_use_whose_shm_is_out_of_reach)
{
	auto_free char *shm = scratch_path(&scratch, "state.db-shm");

	database_run(path, WAL RECORD_OF("1"));
	pid_t daemon = database_hold(path, "INSERT INTO schema_migrations VALUES (99, '', '')");

	cr_assert_eq(chmod(shm, 0), 0);
	expect_incompatible_as_nobody();
	database_kill(daemon);
}

static bool is_forbidden(const char *database)
{
	struct schema_state state = {0};

	return schema_case_inspect(database, &state) == -EACCES &&
	       strstr(error.text, "ermission") != NULL;
}

Test(schema_beside, an_unreadable_database_is_an_error)
{
	database_run(path, RECORD_OF("1"));
	cr_assert_eq(chmod(path, 0), 0);
	cr_assert(passes_as_nobody(is_forbidden, path));
}

Test(schema_beside, an_unreadable_wal_is_an_error)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, WAL RECORD_OF("1"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	cr_assert_eq(chmod(wal, 0), 0);
	cr_assert(passes_as_nobody(is_forbidden, path));
}

/* Rollback journals */

static const char spilling[] = "PRAGMA cache_size=1; BEGIN;"
			       "DELETE FROM schema_migrations;"
			       "INSERT INTO fill SELECT zeroblob(4096) FROM " SERIES("64");

static const char reserving[] =
	"BEGIN IMMEDIATE; INSERT INTO schema_migrations VALUES (99, '', '')";

Test(schema_beside, a_hot_journal_needs_recovery)
{
	database_run(path, RECORD_OF("1,2,3") "CREATE TABLE fill (x)");
	database_crash(path, spilling);
	cr_assert(exists_beside("-journal"));
	expect_error(-ENOTRECOVERABLE, "start the daemon once");
}

Test(schema_beside, a_hot_journal_beside_a_wal_database_needs_recovery)
{
	auto_free char *journal = scratch_path(&scratch, "state.db-journal");

	database_run(path, WAL RECORD_OF("1,2,3"));
	scratch_write(journal, "half a journal");
	expect_error(-ENOTRECOVERABLE, "start the daemon once");
}

Test(schema_beside, a_finished_journal_that_was_kept_is_no_obstacle)
{
	database_run(path, "PRAGMA journal_mode=PERSIST;" RECORD_OF("1,2,3"));
	cr_assert(exists_beside("-journal"));
	expect_untouched(SCHEMA_COMPATIBLE);
}

Test(schema_beside, a_writer_that_has_not_committed_is_not_seen)
{
	database_run(path, RECORD_OF("1,2,3"));
	pid_t writer = database_hold(path, reserving);

	expect_untouched(SCHEMA_COMPATIBLE);
	database_kill(writer);
}

Test(schema_beside, a_database_locked_for_one_is_busy)
{
	database_run(path, RECORD_OF("1,2,3"));
	pid_t writer = database_hold(path, "BEGIN EXCLUSIVE");

	expect_error(-EBUSY, "locked");
	database_kill(writer);
}

Test(schema_beside, a_wal_database_locked_for_one_is_busy)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	pid_t writer = database_hold(path, "PRAGMA locking_mode=EXCLUSIVE;"
					   "INSERT INTO schema_migrations VALUES (4, '', '')");

	cr_assert_not(exists_beside("-shm"));
	expect_error(-EBUSY, "locked");
	database_kill(writer);
}

/* Under a writer that never pauses, every answer is one of its committed states. */

static void write_without_pause(void)
{
	for (int i = 0;; i++) {
		database_run(path, i % 2 == 0 ? "UPDATE schema_migrations SET id = id + 10"
					      : "UPDATE schema_migrations SET id = id - 10");
	}
}

static bool sees_whole_states(const char *database)
{
	int answers = 0;

	for (uint64_t end = clock_deadline(1500); clock_left(end) > 0;) {
		auto_schema struct schema_state state = {0};
		int r = schema_case_inspect(database, &state);

		if (r == -EBUSY) {
			continue;
		}
		if (r < 0 || state.applied.count != 3 ||
		    state.applied.items[2] - state.applied.items[0] != 2) {
			return false;
		}
		answers++;
	}
	return answers > 0;
}

Test(schema_beside, a_busy_writer_does_not_confuse)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	pid_t opener = database_hold(path, "SELECT count(*) FROM schema_migrations");
	pid_t writer = fork();

	if (writer == 0) {
		alarm(60);
		write_without_pause();
	}
	bool whole = sees_whole_states(path);

	database_kill(writer);
	database_kill(opener);
	cr_assert(whole, "%s", error.text);
}
