/*
 * test_snapshot.c - databases kept aside, whole, without touching them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "snapshot_case.h"
#include "writer_case.h"

TestSuite(snapshot, .init = set_up, .fini = tear_down, .timeout = 60);

Test(snapshot, a_copy_is_complete_and_the_live_files_are_untouched)
{
	char *before = listing();

	take();
	char *after = listing();

	cr_assert_str_eq(before, after);
	cr_assert(snapshot.existed);
	cr_assert_not_null(strstr(snapshot.path, ".banger-update/" RUN "/state.db"));
	cr_assert(users(snapshot.path) == 2);
	free(before);
	free(after);
}

Test(snapshot, a_copy_of_a_database_with_a_rollback_journal_touches_nothing)
{
	run_sql(database.path, "PRAGMA journal_mode = DELETE");
	char *before = listing();

	take();
	char *after = listing();

	cr_assert_str_eq(before, after);
	cr_assert(users(snapshot.path) == 2);
	free(before);
	free(after);
}

Test(snapshot, what_a_killed_daemon_left_in_its_wal_is_in_the_copy)
{
	char *wal = beside("-wal");

	run_and_crash(database.path, "INSERT INTO users VALUES ('carol')");
	struct stat before;
	struct stat after;

	cr_assert(stat(wal, &before) == 0 && before.st_size > 0);
	take();
	cr_assert(users(snapshot.path) == 3);
	cr_assert(stat(wal, &after) == 0 && after.st_size == before.st_size);
	cr_assert(after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
		  after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
	free(wal);
}

Test(snapshot, a_hot_journal_is_rolled_back_first)
{
	run_sql(database.path, "PRAGMA journal_mode = DELETE");
	run_and_crash(database.path, "PRAGMA cache_size = 1; BEGIN;"
				     "INSERT INTO users SELECT hex(randomblob(900)) FROM"
				     " (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
				     " FROM n WHERE i < 200) SELECT i FROM n)");
	cr_assert(has_beside("-journal"), "the crash left no journal");
	take();
	cr_assert(users(snapshot.path) == 2);
}

Test(snapshot, rows_alone_do_not_change_the_fingerprint)
{
	char *before = NULL;
	char *after = NULL;

	take();
	run_sql(database.path, "INSERT INTO users VALUES ('carol'); ANALYZE");
	cr_assert(snapshot_fingerprint(&database, &after, &err) == 0, "%s", err.text);
	cr_assert_str_eq(after, snapshot.fingerprint);
	run_sql(database.path, "INSERT INTO schema_migrations VALUES (2, 'second')");
	cr_assert(snapshot_fingerprint(&database, &before, &err) == 0, "%s", err.text);
	cr_assert_str_neq(before, after);
	free(before);
	free(after);
}

Test(snapshot, every_part_of_the_schema_is_in_the_fingerprint)
{
	static const char *const changes[] = {
		"PRAGMA user_version = 5",
		"CREATE INDEX by_name ON users (name)",
		"CREATE VIEW everybody AS SELECT * FROM users",
		"UPDATE schema_migrations SET name = 'renamed'",
		"DELETE FROM schema_migrations",
		"DROP TABLE schema_migrations",
	};
	char *last = NULL;

	cr_assert(snapshot_fingerprint(&database, &last, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *now = NULL;

		run_sql(database.path, changes[i]);
		cr_assert(snapshot_fingerprint(&database, &now, &err) == 0, "%s", err.text);
		cr_assert_str_neq(now, last, "%s was not seen", changes[i]);
		free(last);
		last = now;
	}
	free(last);
}

Test(snapshot, a_record_without_rowid_has_a_fingerprint_too)
{
	char *fingerprint = NULL;

	run_sql(database.path, "DROP TABLE schema_migrations;"
			       "CREATE TABLE schema_migrations (v TEXT PRIMARY KEY) WITHOUT ROWID;"
			       "INSERT INTO schema_migrations VALUES ('b'), ('a')");
	cr_assert(snapshot_fingerprint(&database, &fingerprint, &err) == 0, "%s", err.text);
	free(fingerprint);
}

Test(snapshot, the_fingerprint_of_a_running_database_can_be_taken)
{
	char *stopped = NULL;
	char *running = NULL;
	int ready[2];
	char byte;

	cr_assert(snapshot_fingerprint(&database, &stopped, &err) == 0, "%s", err.text);
	cr_assert(pipe(ready) == 0);
	pid_t pid = fork();

	if (pid == 0) {
		sqlite3 *db = NULL;

		(void)alarm(50);
		if (sqlite3_open(database.path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, "BEGIN; INSERT INTO users VALUES ('x')", NULL, NULL, NULL) !=
			    SQLITE_OK) {
			_exit(1);
		}
		(void)!write(ready[1], "", 1);
		for (;;) {
			(void)pause();
		}
	}
	cr_assert(read(ready[0], &byte, 1) == 1);
	cr_assert(snapshot_fingerprint(&database, &running, &err) == 0, "%s", err.text);
	cr_assert_str_eq(running, stopped);
	cr_assert(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	free(stopped);
	free(running);
}

Test(snapshot, a_missing_database_is_an_error_unless_it_may_be_missing)
{
	cr_assert(unlink(database.path) == 0);
	cr_assert(try_to_take() == -ENOENT);
	cr_assert_not_null(strstr(err.text, database.path), "%s", err.text);
	database.missing_ok = true;
	take();
	cr_assert(!snapshot.existed && snapshot.path == NULL);
}

Test(snapshot, a_link_or_a_directory_is_no_database)
{
	char *other = beside(".other");
	char *real = scratch_path(&scratch, "var lib/real.db");

	cr_assert(link(database.path, other) == 0);
	cr_assert(try_to_take() == -EINVAL);
	cr_assert_not_null(strstr(err.text, "hard link"), "%s", err.text);
	cr_assert(unlink(other) == 0 && rename(database.path, real) == 0);
	cr_assert(symlink(real, database.path) == 0);
	cr_assert(try_to_take() == -EINVAL);
	cr_assert_not_null(strstr(err.text, "symbolic link"), "%s", err.text);
	cr_assert(unlink(database.path) == 0 && mkdir(database.path, 0755) == 0);
	cr_assert(try_to_take() == -EINVAL);
	cr_assert(rmdir(database.path) == 0 && mkfifo(database.path, 0644) == 0);
	cr_assert(try_to_take() == -EINVAL);
	free(other);
	free(real);
}

Test(snapshot, a_directory_reached_by_a_link_is_fine)
{
	char *link_name = scratch_path(&scratch, "by link");

	cr_assert(symlink(directory, link_name) == 0);
	free(database.path);
	database.path = scratch_path(&scratch, "by link/state 100%%.db");
	take();
	cr_assert(users(snapshot.path) == 2);
	free(link_name);
}

Test(snapshot, a_damaged_database_stops_the_update_and_leaves_nothing)
{
	damage(database.path);
	char *before = scratch_listing(directory, NULL);

	cr_assert(try_to_take() == -EUCLEAN);
	char *after = scratch_listing(directory, NULL);

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

Test(snapshot, a_database_whose_pages_are_damaged_is_noticed)
{
	run_sql(database.path, "INSERT INTO users SELECT hex(randomblob(1000)) FROM"
			       " (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			       " WHERE i < 100) SELECT i FROM n)");
	int fd = open(database.path, O_WRONLY | O_CLOEXEC);
	char zeros[4096] = {0};

	memset(zeros, 0xee, sizeof(zeros));
	cr_assert(fd >= 0 && pwrite(fd, zeros, sizeof(zeros), 5 * 4096) == sizeof(zeros));
	(void)close(fd);
	cr_assert(try_to_take() == -EUCLEAN, "%s", err.text);
	char *left = scratch_path(&scratch, "var lib/.banger-update");

	cr_assert(!scratch_exists(left));
	free(left);
}

Test(snapshot, as_root_the_database_s_user_does_the_work)
{
	struct stat st;

	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can become somebody else");
	}
	cr_assert(chmod(scratch.path, 0755) == 0);
	cr_assert(chown(directory, 65534, 65534) == 0 && chown(database.path, 65534, 65534) == 0);
	take();
	cr_assert(stat(snapshot.path, &st) == 0 && st.st_uid == 65534);
	run_sql(database.path, MIGRATION);
	char *failed = restore();

	cr_assert(stat(failed, &st) == 0 && st.st_uid == 65534);
	cr_assert(stat(database.path, &st) == 0 && st.st_uid == 65534);
	cr_assert(users(database.path) == 2);
	free(failed);
}

Test(snapshot, as_root_what_the_daemon_s_user_planted_is_not_followed)
{
	char *victim = scratch_path(&scratch, "victim");
	char *own = scratch_path(&scratch, "var lib/.banger-update");

	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can become somebody else");
	}
	cr_assert(chmod(scratch.path, 0755) == 0 && mkdir(victim, 0700) == 0);
	cr_assert(chown(directory, 65534, 65534) == 0 && chown(database.path, 65534, 65534) == 0);
	cr_assert(symlink(victim, own) == 0);
	cr_assert(try_to_take() == -ENOTDIR, "%s", err.text);
	cr_assert(rmdir(victim) == 0, "something was written there");
	free(victim);
	free(own);
}

Test(snapshot, a_user_that_nobody_knows_is_an_error)
{
	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can become somebody else");
	}
	database.user = strdup("no-such-user-anywhere");
	cr_assert(try_to_take() == -ENOENT);
	cr_assert_not_null(strstr(err.text, "no-such-user-anywhere"), "%s", err.text);
}

Test(snapshot, no_room_is_told_before_anything_is_written)
{
	char *content = scratch_read(database.path);

	free(content);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", directory, "tmpfs", 0, "size=1m") < 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("needs the right to mount");
	}
	run_sql(database.path, OLD_SCHEMA);
	char *before = scratch_listing(directory, NULL);

	cr_assert(try_to_take() == -ENOSPC);
	cr_assert_not_null(strstr(err.text, "no room"), "%s", err.text);
	char *after = scratch_listing(directory, NULL);

	cr_assert_str_eq(before, after);
	cr_assert(umount(directory) == 0);
	free(before);
	free(after);
}

/* Its file takes 4.2 MiB; three times as much are not there, once and 8 MiB are. */
Test(snapshot, what_is_never_put_back_needs_no_room_for_that)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", directory, "tmpfs", 0, "size=18m") < 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("needs the right to mount");
	}
	run_sql(database.path, OLD_SCHEMA ROWS_TABLE ROWS(3000));
	cr_assert(try_to_take() == -ENOSPC);
	cr_assert_not_null(strstr(err.text, "and for a rollback"), "%s", err.text);
	database.on_rollback = ROLLBACK_NEVER;
	take();
	cr_assert(rows(snapshot.path) == 3000);
	cr_assert(umount2(directory, MNT_DETACH) == 0);
}

/* As the journal has them: the clock was set back for the last one, and two began in one second. */
static const char *const runs_made[] = {"20261119T000000Z-aaaa", "20261122T000000Z-1111",
					"20261122T000000Z-ffff", "20261121T000000Z-bbbb", "notes"};

static struct strings list_runs(const char *const *runs, size_t count)
{
	struct strings list = {0};

	for (size_t i = 0; i < count; i++) {
		cr_assert(strings_add(&list, runs[i]) == 0);
	}
	return list;
}

static char *snapshot_of(const char *run)
{
	return scratch_path(&scratch, "var lib/.banger-update/%s", run);
}

static void make_snapshot_of(const char *run)
{
	char *path = snapshot_of(run);
	char *file = path_join(path, "state.db");

	scratch_directory(path);
	scratch_write(file, "");
	free(file);
	free(path);
}

static bool has_snapshot(const char *run)
{
	char *path = snapshot_of(run);
	bool there = scratch_exists(path);

	free(path);
	return there;
}

Test(snapshot, pruning_keeps_the_first_ones_and_what_is_not_ours)
{
	static const char others[] = "20261101T000000Z-0123";
	static const bool kept[] = {true, true, false, false, true};
	auto_strings struct strings runs = list_runs(runs_made, 5);

	for (size_t i = 0; i < runs.count; i++) {
		make_snapshot_of(runs_made[i]);
	}
	make_snapshot_of(others);
	cr_assert(snapshot_prune(&database, &runs, 2, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < runs.count; i++) {
		cr_expect_eq(has_snapshot(runs_made[i]), kept[i], "%s", runs_made[i]);
	}
	cr_expect(has_snapshot(others));
}

Test(snapshot, pruning_counts_what_is_there)
{
	auto_strings struct strings runs = list_runs(runs_made, 4);

	make_snapshot_of(runs_made[2]);
	make_snapshot_of(runs_made[3]);
	cr_assert(snapshot_prune(&database, &runs, 2, &err) == 0, "%s", err.text);
	cr_expect(has_snapshot(runs_made[2]));
	cr_expect(has_snapshot(runs_made[3]));
}

Test(snapshot, pruning_to_nothing_leaves_nothing)
{
	char *own = scratch_path(&scratch, "var lib/.banger-update");
	static const char *const run = RUN;
	auto_strings struct strings runs = list_runs(&run, 1);

	cr_assert(snapshot_prune(&database, &runs, 0, &err) == 0, "%s", err.text);
	take();
	cr_assert(snapshot_prune(&database, &runs, 0, &err) == 0, "%s", err.text);
	cr_assert(!scratch_exists(own));
	free(own);
}
