/*
 * test_snapshot.c - databases kept aside and put back, as daemons leave them: stopped, killed,
 * migrated, damaged.
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
#include "install/snapshot.h"
#include "support/scratch.h"

#define RUN "20261122T163400Z-1a2b"

#define OLD_SCHEMA                                                                                 \
	"CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY, name TEXT);"                      \
	"INSERT INTO schema_migrations VALUES (1, 'first');"                                       \
	"CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('ann'), ('bob');"
#define MIGRATION                                                                                  \
	"ALTER TABLE users ADD COLUMN age INTEGER;"                                                \
	"INSERT INTO schema_migrations VALUES (2, 'age');"                                         \
	"INSERT INTO users VALUES ('new', 7);"

static struct scratch scratch;
static struct error err;
static char *directory;
static struct database database;
static struct snapshot snapshot;

/* Runs statements as a daemon that stops in order would. */
static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
	cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
		  sqlite3_errmsg(db));
	cr_assert(sqlite3_close(db) == SQLITE_OK);
}

/* Runs statements as a daemon that is killed would: its WAL or hot journal stays. */
static void run_and_crash(const char *path, const char *sql)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		sqlite3 *db = NULL;

		if (sqlite3_open(path, &db) == SQLITE_OK &&
		    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) {
			(void)raise(SIGKILL);
		}
		_exit(1);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
}

/* The first value of a query. */
static int ask(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	cr_assert(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "%s", path);
	cr_assert(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
		  sqlite3_errmsg(db));
	cr_assert(sqlite3_step(stmt) == SQLITE_ROW);
	int value = sqlite3_column_int(stmt, 0);

	cr_assert(sqlite3_finalize(stmt) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK);
	return value;
}

static int users(const char *path)
{
	return ask(path, "SELECT count(*) FROM users");
}

static void set_up(void)
{
	scratch = scratch_make();
	directory = scratch_path(&scratch, "var lib");
	scratch_directory(directory);
	database = (struct database){
		.name = strdup("state"),
		.path = scratch_path(&scratch, "var lib/state 100%%.db"),
		.record = strdup("schema_migrations"),
	};
	run_sql(database.path, "PRAGMA journal_mode = WAL;" OLD_SCHEMA);
}

static void tear_down(void)
{
	snapshot_finish(&snapshot);
	database_finish(&database);
	free(directory);
	scratch_remove(&scratch);
}

TestSuite(snapshot, .init = set_up, .fini = tear_down, .timeout = 60);

static void take(void)
{
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == 0, "%s", err.text);
}

/* Puts it back; the name of what was kept aside, which the caller frees. */
static char *restore(void)
{
	char *failed = NULL;

	cr_assert(snapshot_restore(&snapshot, RUN, &failed, &err) == 0, "%s", err.text);
	return failed;
}

static char *beside(const char *suffix)
{
	char *path = NULL;

	cr_assert(asprintf(&path, "%s%s", database.path, suffix) >= 0);
	return path;
}

static bool has_beside(const char *suffix)
{
	char *path = beside(suffix);
	bool there = scratch_exists(path);

	free(path);
	return there;
}

static char *listing(void)
{
	return scratch_listing(directory, ".banger-update");
}

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

Test(snapshot, an_unchanged_schema_keeps_what_the_new_release_wrote)
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

Test(snapshot, a_migrated_database_is_put_back_and_kept_aside)
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

Test(snapshot, the_wal_of_a_killed_new_daemon_is_kept_and_not_replayed)
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

Test(snapshot, a_database_with_a_rollback_journal_is_put_back_too)
{
	run_sql(database.path, "PRAGMA journal_mode = DELETE");
	take();
	run_sql(database.path, MIGRATION);
	char *failed = restore();

	cr_assert(users(database.path) == 2 && users(failed) == 3);
	free(failed);
}

Test(snapshot, a_migration_to_another_journal_mode_is_undone)
{
	take();
	run_sql(database.path, MIGRATION "PRAGMA journal_mode = DELETE");
	char *failed = restore();

	cr_assert(users(database.path) == 2 && users(failed) == 3);
	free(failed);
}

Test(snapshot, restoring_twice_is_restoring_once)
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

Test(snapshot, always_means_always_but_only_once)
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

Test(snapshot, never_means_never)
{
	database.on_rollback = ROLLBACK_NEVER;
	take();
	run_sql(database.path, MIGRATION);
	cr_assert_null(restore());
	cr_assert(users(database.path) == 3);
}

Test(snapshot, a_restore_that_was_interrupted_after_keeping_keeps_once)
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

Test(snapshot, what_was_kept_is_never_overwritten)
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

static void damage(const char *path)
{
	char garbage[8192];

	memset(garbage, 'x', sizeof(garbage));
	scratch_write_bytes(path, garbage, sizeof(garbage), 0640);
}

Test(snapshot, a_live_database_that_cannot_be_read_is_kept_as_it_is_and_replaced)
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

Test(snapshot, an_unreadable_one_kept_by_an_interrupted_call_is_recognised)
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

Test(snapshot, another_page_size_is_undone)
{
	take();
	run_sql(database.path, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM;"
			       "PRAGMA journal_mode = WAL;" MIGRATION);
	char *failed = restore();

	cr_assert(users(database.path) == 2 && users(failed) == 3);
	cr_assert(ask(database.path, "PRAGMA page_size") == 4096);
	free(failed);
}

Test(snapshot, a_live_database_that_was_deleted_comes_back)
{
	take();
	cr_assert(unlink(database.path) == 0);
	cr_assert_null(restore());
	cr_assert(users(database.path) == 2);
}

Test(snapshot, a_missing_database_is_an_error_unless_it_may_be_missing)
{
	cr_assert(unlink(database.path) == 0);
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -ENOENT);
	cr_assert_not_null(strstr(err.text, "database state"), "%s", err.text);
	database.missing_ok = true;
	take();
	cr_assert(!snapshot.existed && snapshot.path == NULL);
}

Test(snapshot, a_database_that_did_not_exist_is_moved_aside_whole)
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

Test(snapshot, a_link_or_a_directory_is_no_database)
{
	char *other = beside(".other");
	char *real = scratch_path(&scratch, "var lib/real.db");

	cr_assert(link(database.path, other) == 0);
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -EINVAL);
	cr_assert_not_null(strstr(err.text, "hard link"), "%s", err.text);
	cr_assert(unlink(other) == 0 && rename(database.path, real) == 0);
	cr_assert(symlink(real, database.path) == 0);
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -EINVAL);
	cr_assert_not_null(strstr(err.text, "symbolic link"), "%s", err.text);
	cr_assert(unlink(database.path) == 0 && mkdir(database.path, 0755) == 0);
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -EINVAL);
	cr_assert(rmdir(database.path) == 0 && mkfifo(database.path, 0644) == 0);
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -EINVAL);
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

	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -EUCLEAN);
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
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -EUCLEAN, "%s", err.text);
	char *left = scratch_path(&scratch, "var lib/.banger-update");

	cr_assert(!scratch_exists(left));
	free(left);
}

Test(snapshot, a_damaged_snapshot_is_not_put_back)
{
	char *failed = NULL;

	take();
	run_sql(database.path, MIGRATION);
	damage(snapshot.path);
	char *before = listing();

	cr_assert(snapshot_restore(&snapshot, RUN, &failed, &err) == -EUCLEAN);
	cr_assert_not_null(strstr(err.text, snapshot.path), "%s", err.text);
	cr_assert_null(failed);
	char *after = listing();

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

Test(snapshot, as_root_the_database_s_user_does_the_work)
{
	struct stat st;

	if (geteuid() != 0) {
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
		cr_skip_test("only root can become somebody else");
	}
	cr_assert(chmod(scratch.path, 0755) == 0 && mkdir(victim, 0700) == 0);
	cr_assert(chown(directory, 65534, 65534) == 0 && chown(database.path, 65534, 65534) == 0);
	cr_assert(symlink(victim, own) == 0);
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -ENOTDIR, "%s", err.text);
	cr_assert(rmdir(victim) == 0, "something was written there");
	free(victim);
	free(own);
}

Test(snapshot, a_user_that_nobody_knows_is_an_error)
{
	if (geteuid() != 0) {
		cr_skip_test("only root can become somebody else");
	}
	database.user = strdup("no-such-user-anywhere");
	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -ENOENT);
	cr_assert_not_null(strstr(err.text, "no-such-user-anywhere"), "%s", err.text);
}

Test(snapshot, no_room_is_told_before_anything_is_written)
{
	char *content = scratch_read(database.path);

	free(content);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", directory, "tmpfs", 0, "size=1m") < 0) {
		cr_skip_test("needs the right to mount");
	}
	run_sql(database.path, OLD_SCHEMA);
	char *before = scratch_listing(directory, NULL);

	cr_assert(snapshot_take(&database, RUN, &snapshot, &err) == -ENOSPC);
	cr_assert_not_null(strstr(err.text, "no room"), "%s", err.text);
	char *after = scratch_listing(directory, NULL);

	cr_assert_str_eq(before, after);
	cr_assert(umount(directory) == 0);
	free(before);
	free(after);
}

Test(snapshot, pruning_keeps_the_newest_and_what_is_not_ours)
{
	static const char *const names[] = {"20261120T000000Z-aaaa", "20261121T000000Z-bbbb",
					    "20261122T000000Z-cccc", "notes", "20261122T000000Z"};
	static const bool kept[] = {false, true, true, true, true};

	for (size_t i = 0; i < 5; i++) {
		char *path = scratch_path(&scratch, "var lib/.banger-update/%s", names[i]);
		char *file = path_join(path, "state.db");

		scratch_directory(path);
		scratch_write(file, "");
		free(file);
		free(path);
	}
	cr_assert(snapshot_prune(&database, 2, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < 5; i++) {
		char *path = scratch_path(&scratch, "var lib/.banger-update/%s", names[i]);

		cr_assert(scratch_exists(path) == kept[i], "%s", names[i]);
		free(path);
	}
}

Test(snapshot, pruning_to_nothing_leaves_nothing)
{
	char *own = scratch_path(&scratch, "var lib/.banger-update");

	cr_assert(snapshot_prune(&database, 0, &err) == 0, "%s", err.text);
	take();
	cr_assert(snapshot_prune(&database, 0, &err) == 0, "%s", err.text);
	cr_assert(!scratch_exists(own));
	free(own);
}
