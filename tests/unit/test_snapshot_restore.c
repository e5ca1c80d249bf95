/*
 * test_snapshot_restore.c - databases put back, and what the new release wrote kept aside.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot_case.h"

TestSuite(snapshot_restore, .init = set_up, .fini = tear_down, .timeout = 60);

Test(snapshot_restore, an_unchanged_schema_keeps_what_the_new_release_wrote)
{
	take();
	run_sql(database.path, "INSERT INTO users VALUES ('carol')");
	char *before = listing();

	cr_assert_null(restore());
	char *after = listing();

	cr_assert_str_eq(before, after);
	cr_assert(users(database.path) == 3);
	free(before);
	free(after);
}

Test(snapshot_restore, a_migrated_database_is_put_back_and_kept_aside)
{
	struct stat before;
	struct stat after;

	take();
	run_sql(database.path, MIGRATION);
	cr_assert(stat(database.path, &before) == 0);
	char *failed = restore();

	cr_assert_not_null(failed);
	cr_assert_not_null(strstr(failed, ".failed-" RUN), "%s", failed);
	cr_assert(users(database.path) == 2);
	cr_assert(ask(failed, "SELECT age FROM users WHERE name = 'new'") == 7);
	cr_assert(stat(database.path, &after) == 0);
	cr_assert(after.st_ino == before.st_ino && after.st_uid == before.st_uid &&
		  after.st_mode == before.st_mode);
	cr_assert(!has_beside("-wal") && !has_beside("-journal"));
	free(failed);
}

Test(snapshot_restore, the_wal_of_a_killed_new_daemon_is_kept_and_not_replayed)
{
	take();
	run_and_crash(database.path, MIGRATION);
	cr_assert(has_beside("-wal"));
	char *failed = restore();

	cr_assert_not_null(failed);
	cr_assert(users(database.path) == 2);
	cr_assert(ask(database.path, "SELECT count(*) FROM schema_migrations") == 1);
	cr_assert(users(failed) == 3);
	free(failed);
}

Test(snapshot_restore, a_database_with_a_rollback_journal_is_put_back_too)
{
	run_sql(database.path, "PRAGMA journal_mode = DELETE");
	take();
	run_sql(database.path, MIGRATION);
	char *failed = restore();

	cr_assert(users(database.path) == 2 && users(failed) == 3);
	free(failed);
}

Test(snapshot_restore, a_migration_to_another_journal_mode_is_undone)
{
	take();
	run_sql(database.path, MIGRATION "PRAGMA journal_mode = DELETE");
	char *failed = restore();

	cr_assert(users(database.path) == 2 && users(failed) == 3);
	free(failed);
}

Test(snapshot_restore, restoring_twice_is_restoring_once)
{
	take();
	run_sql(database.path, MIGRATION);
	char *failed = restore();
	char *before = listing();

	cr_assert_null(restore());
	char *after = listing();

	cr_assert_str_eq(before, after);
	free(failed);
	free(before);
	free(after);
}

Test(snapshot_restore, always_means_always_but_only_once)
{
	database.on_rollback = ROLLBACK_ALWAYS;
	take();
	run_sql(database.path, "INSERT INTO users VALUES ('carol')");
	char *failed = restore();

	cr_assert_not_null(failed);
	cr_assert(users(database.path) == 2 && users(failed) == 3);
	cr_assert_null(restore());
	cr_assert(!has_beside(".failed-" RUN "-2"), "the restored database was kept as failed");
	free(failed);
}

Test(snapshot_restore, never_means_never)
{
	database.on_rollback = ROLLBACK_NEVER;
	take();
	run_sql(database.path, MIGRATION);
	cr_assert_null(restore());
	cr_assert(users(database.path) == 3);
}

Test(snapshot_restore, a_restore_that_was_interrupted_after_keeping_keeps_once)
{
	take();
	run_sql(database.path, MIGRATION);
	char *first = restore();

	run_sql(database.path, MIGRATION);
	char *second = restore();

	cr_assert_str_eq(first, second, "the same rows were kept twice");
	free(first);
	free(second);
}

Test(snapshot_restore, what_was_kept_is_never_overwritten)
{
	take();
	run_sql(database.path, MIGRATION);
	char *first = restore();

	run_sql(database.path, MIGRATION "INSERT INTO users VALUES ('more', 8);");
	char *second = restore();

	cr_assert_str_neq(first, second);
	cr_assert(users(first) == 3 && users(second) == 4 && users(database.path) == 2);
	free(first);
	free(second);
}

Test(snapshot_restore, what_another_snapshot_holds_is_not_kept_again)
{
	take();
	run_sql(database.path, MIGRATION);
	char *known = restore();

	run_sql(database.path, MIGRATION);
	cr_assert_null(restore_knowing(known));
	cr_assert(users(database.path) == 2 && users(known) == 3);
	run_sql(database.path, MIGRATION "INSERT INTO users VALUES ('more', 8);");
	char *failed = restore_knowing(known);

	cr_assert(failed != NULL && users(failed) == 4, "one row more is something else");
	run_sql(database.path, MIGRATION);
	free(failed);
	failed = restore_knowing("/nonexistent");
	cr_assert_str_eq(failed, known, "kept, since it cannot be compared");
	free(failed);
	free(known);
}

Test(snapshot_restore, a_live_database_that_cannot_be_read_is_kept_as_it_is_and_replaced)
{
	struct stat st;

	cr_assert(chmod(database.path, 0640) == 0);
	take();
	damage(database.path);
	char *wal = beside("-wal");

	scratch_write(wal, "not a wal");
	char *failed = restore();

	cr_assert_not_null(failed);
	char *content = scratch_read(failed);

	cr_assert(content[0] == 'x');
	cr_assert(has_beside(".failed-" RUN "-wal"));
	cr_assert(!has_beside("-wal"));
	cr_assert(users(database.path) == 2);
	cr_assert(stat(database.path, &st) == 0 && (st.st_mode & 0777) == 0640 && st.st_nlink == 1);
	cr_assert_null(restore());
	free(content);
	free(failed);
	free(wal);
}

Test(snapshot_restore, an_unreadable_one_kept_by_an_interrupted_call_is_recognised)
{
	char *kept = beside(".failed-" RUN);

	take();
	damage(database.path);
	cr_assert(link(database.path, kept) == 0);
	char *failed = restore();

	cr_assert_str_eq(failed, kept);
	cr_assert(users(database.path) == 2);
	free(failed);
	free(kept);
}

/* What a call that works by files has done when it is killed: the failed files are kept under a
 * second name, and those beside the database are perhaps gone. */
static char *interrupt_by_files(bool replaces)
{
	static const char *const parts[] = {"-wal", ""};

	run_and_crash(database.path, "INSERT INTO users VALUES ('carol')");
	take();
	run_and_crash(database.path, MIGRATION);
	for (size_t i = 0; i < 2; i++) {
		char *live = beside(parts[i]);
		char *kept = NULL;

		cr_assert(asprintf(&kept, "%s.failed-" RUN "%s", database.path, parts[i]) > 0);
		cr_assert(link(live, kept) == 0);
		free(live);
		free(kept);
	}
	if (replaces) {
		char *restored = beside(".restored-" RUN);
		char *wal = beside("-wal");
		char *shm = beside("-shm");

		scratch_write(restored, "half of it");
		cr_assert(unlink(wal) == 0 && unlink(shm) == 0);
		free(restored);
		free(wal);
		free(shm);
	}
	return beside(".failed-" RUN);
}

static void expect_finished(const char *kept)
{
	struct stat before;
	struct stat after;

	cr_assert(stat(kept, &before) == 0);
	char *failed = restore();

	cr_assert_str_eq(failed, kept);
	cr_assert_eq(users(database.path), 3, "a row that the old release had committed is gone");
	cr_assert(stat(kept, &after) == 0 && after.st_nlink == 1);
	cr_assert(after.st_ino == before.st_ino && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec,
		  "what was kept was written to");
	cr_assert_eq(users(kept), 4);
	cr_assert(!has_beside(".restored-" RUN) && !has_beside(".failed-" RUN "-2"));
	cr_assert_null(restore());
	free(failed);
}

/* Without its WAL the database looks as if nobody had migrated it. */
Test(snapshot_restore, a_replacement_that_was_interrupted_is_finished)
{
	char *kept = interrupt_by_files(true);

	expect_finished(kept);
	free(kept);
}

/* It is the kept file that would be written to. */
Test(snapshot_restore, what_is_kept_as_a_link_is_not_restored_into)
{
	char *kept = interrupt_by_files(false);

	expect_finished(kept);
	free(kept);
}

Test(snapshot_restore, what_was_written_amid_a_replacement_is_kept_too)
{
	char *kept = interrupt_by_files(true);

	run_and_crash(database.path, "INSERT INTO users VALUES ('dave')");
	char *failed = restore();

	cr_assert(has_beside(".failed-" RUN "-wal") && has_beside(".failed-" RUN "-2-wal"));
	cr_assert_eq(users(database.path), 3);
	cr_assert_eq(ask(failed, "SELECT count(*) FROM users WHERE name = 'dave'"), 1);
	free(failed);
	free(kept);
}

Test(snapshot_restore, a_replacement_is_finished_when_always_is_asked_for)
{
	database.on_rollback = ROLLBACK_ALWAYS;
	char *kept = interrupt_by_files(true);

	expect_finished(kept);
	free(kept);
}

Test(snapshot_restore, another_page_size_is_undone)
{
	take();
	run_sql(database.path, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM;"
			       "PRAGMA journal_mode = WAL;" MIGRATION);
	char *failed = restore();

	cr_assert(users(database.path) == 2 && users(failed) == 3);
	cr_assert(ask(database.path, "PRAGMA page_size") == 4096);
	free(failed);
}

/* What a call has done that is killed once the WAL is gone: a whole copy is kept, and what is live
 * is not whole any more. */
static char *interrupt_another_page_size(void)
{
	take();
	run_sql(database.path, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM;"
			       "PRAGMA journal_mode = WAL;");
	run_and_crash(database.path, MIGRATION);
	char *kept = beside(".failed-" RUN);
	char *copy = NULL;
	char *restored = beside(".restored-" RUN);
	char *wal = beside("-wal");
	char *shm = beside("-shm");

	cr_assert(asprintf(&copy, "VACUUM INTO '%s'", kept) > 0);
	run_and_crash(database.path, copy);
	scratch_write(restored, "half of it");
	cr_assert(unlink(wal) == 0 && unlink(shm) == 0);
	free(shm);
	free(wal);
	free(restored);
	free(copy);
	return kept;
}

Test(snapshot_restore, the_whole_copy_is_named_when_the_replacement_was_interrupted)
{
	char *kept = interrupt_another_page_size();
	char *failed = restore();

	cr_assert_str_eq(failed, kept);
	cr_assert(users(database.path) == 2 && users(kept) == 3);
	cr_assert(!has_beside(".failed-" RUN "-2"), "half a database was kept");
	cr_assert_null(restore());
	free(failed);
	free(kept);
}

/* The disk is full when it is taken up again. */
Test(snapshot_restore, that_a_replacement_was_begun_is_not_forgotten_by_one_that_fails)
{
	char *kept = interrupt_another_page_size();
	char *failed = NULL;
	struct rlimit files;

	database.on_rollback = ROLLBACK_IF_CHANGED;
	cr_assert(getrlimit(RLIMIT_FSIZE, &files) == 0);
	cr_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	cr_assert(setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, files.rlim_max}) == 0);
	cr_assert(snapshot_restore(&snapshot, RUN, NULL, &failed, &err) < 0);
	cr_assert(setrlimit(RLIMIT_FSIZE, &files) == 0);
	cr_assert(has_beside(".restored-" RUN), "%s", err.text);
	free(failed);
	failed = restore();
	cr_assert(users(database.path) == 2 && users(kept) == 3);
	free(failed);
	free(kept);
}

Test(snapshot_restore, what_was_written_after_the_whole_copy_is_kept_too)
{
	char *kept = interrupt_another_page_size();

	run_and_crash(database.path, "INSERT INTO users VALUES ('dave')");
	char *failed = restore();

	cr_assert(users(database.path) == 2 && users(kept) == 3);
	cr_assert_eq(ask(failed, "SELECT count(*) FROM users WHERE name = 'dave'"), 1);
	free(failed);
	free(kept);
}

Test(snapshot_restore, a_live_database_that_was_deleted_comes_back)
{
	take();
	cr_assert(unlink(database.path) == 0);
	cr_assert_null(restore());
	cr_assert(users(database.path) == 2);
}

Test(snapshot_restore, a_database_that_did_not_exist_is_moved_aside_whole)
{
	cr_assert(unlink(database.path) == 0);
	database.missing_ok = true;
	take();
	run_and_crash(database.path, "PRAGMA journal_mode = WAL;" OLD_SCHEMA);
	char *failed = restore();

	cr_assert_not_null(failed);
	cr_assert(!scratch_exists(database.path) && !has_beside("-wal") && !has_beside("-shm"));
	cr_assert(users(failed) == 2, "its rows were in the WAL");
	cr_assert_null(restore());
	free(failed);
}

Test(snapshot_restore, a_damaged_snapshot_is_not_put_back)
{
	char *failed = NULL;

	take();
	run_sql(database.path, MIGRATION);
	damage(snapshot.path);
	char *before = listing();

	cr_assert(snapshot_restore(&snapshot, RUN, NULL, &failed, &err) == -EUCLEAN);
	cr_assert_not_null(strstr(err.text, snapshot.path), "%s", err.text);
	cr_assert_null(failed);
	char *after = listing();

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}
