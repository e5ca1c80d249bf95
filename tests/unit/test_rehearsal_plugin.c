/*
 * rehearsal: its sentences and its copies alone, and the whole plugin with scripts as daemons.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/guard.h"
#include "database_fixture.h"
#include "plugins/bench.h"
#include "rehearsal/copy.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/rehearsal/rehearsal.so"

static void expect(const struct judgement *judgement, pf_verdict verdict, const char *code,
		   const char *says)
{
	cr_assert_eq(judgement->verdict, verdict, "%s", judgement->sentence.text);
	cr_assert_str_eq(judgement->code, code);
	cr_assert_not_null(strstr(judgement->sentence.text, says), "%s", judgement->sentence.text);
	cr_assert(verdict == PF_COMPATIBLE || judgement->remedy != NULL);
}

static struct judgement of_daemon(const struct process_status *status)
{
	struct judgement judgement;

	outcome_of_daemon("state", status, "", "UNIQUE constraint failed: vms.name\n", &judgement);
	return judgement;
}

Test(rehearsal, only_exit_2_says_something_about_the_data)
{
	struct judgement judgement = of_daemon(&(const struct process_status){0});

	cr_assert_eq(judgement.verdict, 0);
	judgement = of_daemon(&(const struct process_status){.exit_code = 2});
	expect(&judgement, PF_INCOMPATIBLE, "rehearsal.fails",
	       "cannot migrate a copy of database state: UNIQUE constraint failed: vms.name");
	judgement = of_daemon(&(const struct process_status){.exit_code = 1});
	expect(&judgement, PF_ERROR, "rehearsal.command", "exited with 1 and said: UNIQUE");
	judgement = of_daemon(&(const struct process_status){.signal = 11, .exit_code = 2});
	expect(&judgement, PF_ERROR, "rehearsal.command", "signal 11");
	judgement = of_daemon(&(const struct process_status){.timed_out = true, .ms = 5000});
	expect(&judgement, PF_ERROR, "rehearsal.timeout", "did not end within 5");
}

Test(rehearsal, what_the_migration_leaves_is_compared_with_what_was)
{
	struct rehearsed rehearsed = {
		.database = "state",
		.bytes_before = 1024,
		.bytes_after = 3072,
		.migrate_ms = 1200,
	};
	struct judgement judgement;

	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_COMPATIBLE, "rehearsal.works",
	       "a copy of database state in 1.2 s; it grows by 2.0 KiB to 3.0 KiB");
	rehearsed.bytes_after = 512;
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_COMPATIBLE, "rehearsal.works", "shrinks by 512 bytes to 512 bytes");
	rehearsed.bytes_after = 1024;
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_COMPATIBLE, "rehearsal.works", "keeps its size of 1.0 KiB");
	rehearsed.before.unchecked = 2;
	rehearsed.after.unchecked = 2;
	(void)snprintf(rehearsed.after.why, sizeof(rehearsed.after.why), "no such collation");
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_COMPATIBLE, "rehearsal.works",
	       "references of 2 tables are not checked: no such collation");
	rehearsed.before.unchecked = 1;
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_ERROR, "rehearsal.unchecked", "no such collation");
	rehearsed.after.broken = 1;
	(void)snprintf(rehearsed.after.mismatch, sizeof(rehearsed.after.mismatch), "child, parent");
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_INCOMPATIBLE, "rehearsal.mismatch", "child, parent");
	rehearsed.before.broken = 1;
	rehearsed.before.unchecked = 2;
	rehearsed.before.dangling = 3;
	rehearsed.after.dangling = 3;
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_COMPATIBLE, "rehearsal.works", "state");
	rehearsed.after.dangling = 4;
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_INCOMPATIBLE, "rehearsal.dangling", "leaves 4 rows");
	(void)snprintf(rehearsed.after.damage, sizeof(rehearsed.after.damage), "page 7");
	outcome_after(&rehearsed, &judgement);
	expect(&judgement, PF_INCOMPATIBLE, "rehearsal.damages", "page 7");
}

Test(rehearsal, damage_before_is_not_blamed_on_the_release)
{
	struct rehearsed rehearsed = {.database = "state"};
	struct judgement judgement;

	outcome_before(&rehearsed, &judgement);
	cr_assert_eq(judgement.verdict, 0);
	(void)snprintf(rehearsed.before.damage, sizeof(rehearsed.before.damage), "page 7");
	outcome_before(&rehearsed, &judgement);
	expect(&judgement, PF_INCOMPATIBLE, "rehearsal.corrupt", "before the update: page 7");
}

Test(rehearsal, a_failure_has_the_remedy_that_fits)
{
	const struct {
		int code;
		const char *remedy;
	} cases[] = {
		{-E2BIG, "max_size"}, {-ENOSPC, "free space"}, {-ETIMEDOUT, "timeout"},
		{-EACCES, "user"},    {-EIO, "try again"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct judgement judgement;

		outcome_failure("state", cases[i].code, "the cause", &judgement);
		expect(&judgement, PF_ERROR, "rehearsal.failed", "the cause");
		cr_assert_not_null(strstr(judgement.remedy, cases[i].remedy));
	}
}

static bool never(void *data)
{
	(void)data;
	return false;
}

static bool at_once(void *data)
{
	(void)data;
	return true;
}

static const struct patience patient = {never, NULL};
static const struct patience impatient = {at_once, NULL};

#define ROWS                                                                                       \
	"CREATE TABLE parent (id INTEGER PRIMARY KEY);"                                            \
	"CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id));"      \
	"INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1);"

Test(rehearsal, a_copy_has_what_is_committed_and_not_in_the_file_yet)
{
	struct scratch scratch = scratch_make();
	auto_free char *live = scratch_path(&scratch, "live.db");
	auto_free char *copy = scratch_path(&scratch, "copy.db");
	struct health health = {0};
	struct error err;

	pid_t daemon = database_hold(live, "PRAGMA journal_mode=WAL; " ROWS);
	/* Whoever reads leaves a mark in -shm, which is no more than a lock. */
	auto_free char *before = scratch_listing(scratch.path, "live.db-shm");

	cr_assert_eq(copy_database(live, copy, &patient, &err), 0, "%s", err.text);
	cr_assert_eq(copy_check(copy, &patient, &health, &err), 0, "%s", err.text);
	cr_assert_str_eq(health.damage, "");
	cr_assert_eq(health.dangling, 0);
	cr_assert_eq(database_number(copy, "SELECT count(*) FROM child"), 1);
	copy_remove(copy);
	auto_free char *after = scratch_listing(scratch.path, "live.db-shm");

	cr_assert_str_eq(before, after, "copying leaves a trace");
	database_kill(daemon);
	scratch_remove(&scratch);
}

Test(rehearsal, rows_that_refer_to_nothing_are_counted)
{
	struct scratch scratch = scratch_make();
	auto_free char *path = scratch_path(&scratch, "live.db");
	struct health health = {0};
	struct error err;

	database_run(path, ROWS "INSERT INTO child VALUES (2, 77), (3, 78)");
	cr_assert_eq(copy_check(path, &patient, &health, &err), 0, "%s", err.text);
	cr_assert_eq(health.dangling, 2);
	cr_assert_str_eq(health.reference, "row 2 of child refers to a row of parent that is not "
					   "there");
	scratch_remove(&scratch);
}

static int by_length(void *nothing, int length, const void *text, int other_length,
		     const void *other)
{
	(void)nothing;
	(void)text;
	(void)other;
	return length - other_length;
}

/* As the daemon does it that has a collation of its own. */
static void run_own(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
	cr_assert(sqlite3_create_collation(db, "own", SQLITE_UTF8, NULL, by_length) == SQLITE_OK);
	cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert(sqlite3_close(db) == SQLITE_OK);
}

/* Its child refers to a name that is equal in that collation alone. */
#define OWN                                                                                        \
	"CREATE TABLE named (name TEXT COLLATE own PRIMARY KEY);"                                  \
	"CREATE TABLE naming (name TEXT REFERENCES named (name));"                                 \
	"INSERT INTO named VALUES ('a'); INSERT INTO naming VALUES ('b');"

Test(rehearsal, a_collation_of_the_daemons_own_is_no_failure)
{
	struct scratch scratch = scratch_make();
	auto_free char *path = scratch_path(&scratch, "live.db");
	struct health health = {0};
	struct error err;

	run_own(path, ROWS OWN);
	database_run(path, "INSERT INTO child VALUES (2, 77)");
	cr_assert_eq(copy_check(path, &patient, &health, &err), 0, "%s", err.text);
	cr_assert_str_eq(health.damage, "");
	cr_assert_eq(health.dangling, 1);
	cr_assert_str_eq(health.reference, "row 2 of child refers to a row of parent that is not "
					   "there");
	cr_assert_eq(health.unchecked, 1);
	cr_assert_not_null(strstr(health.why, "no such collation sequence: own"), "%s", health.why);
	scratch_remove(&scratch);
}

Test(rehearsal, damage_is_found_and_is_no_failure)
{
	struct scratch scratch = scratch_make();
	auto_free char *path = scratch_path(&scratch, "live.db");
	struct health health = {0};
	struct error err;
	char nonsense[512];

	database_run(path, ROWS);
	memset(nonsense, 'x', sizeof(nonsense));
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	cr_assert_eq(pwrite(fd, nonsense, sizeof(nonsense), 4096), (ssize_t)sizeof(nonsense));
	cr_assert_eq(close(fd), 0);
	cr_assert_eq(copy_check(path, &patient, &health, &err), 0, "%s", err.text);
	cr_assert_str_neq(health.damage, "");
	scratch_remove(&scratch);
}

Test(rehearsal, patience_ends_a_copy_and_a_check)
{
	struct scratch scratch = scratch_make();
	auto_free char *live = scratch_path(&scratch, "live.db");
	auto_free char *copy = scratch_path(&scratch, "copy.db");
	struct health health = {0};
	struct error err;

	database_run(live, "CREATE TABLE many AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL "
			   "SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n");
	cr_assert_eq(copy_database(live, copy, &impatient, &err), -ETIMEDOUT);
	cr_assert_eq(copy_check(live, &impatient, &health, &err), -ETIMEDOUT);
	scratch_remove(&scratch);
}

/* A bench with a database, a scratch directory, and a staged daemon that is this script: $1 is
 * the copy, "sql" runs something on it. */
static struct bench bench_of_daemon(const char *script)
{
	struct bench bench = bench_make();
	auto_free char *daemon = scratch_path(&bench.scratch, "daemon");
	auto_free char *live = scratch_path(&bench.scratch, "state.db");
	auto_free char *scratch = scratch_path(&bench.scratch, "scratch");
	auto_free char *text = NULL;

	cr_assert_gt(asprintf(&text,
			      "#!/bin/sh\nsql() { /usr/bin/sqlite3 \"$copy\" \"$1\"; }\n"
			      "copy=$1\n%s\n",
			      script),
		     0);
	(void)bench_install_file(&bench, PLUGIN, "rehearsal");
	scratch_write_bytes(daemon, text, strlen(text), 0755);
	scratch_directory(scratch);
	database_run(live, "PRAGMA journal_mode=WAL;" ROWS);
	bench_subject(&bench, "databases", "state");
	bench_subject(&bench, "database.state.path", live);
	bench_subject(&bench, "stage.dir", bench.scratch.path);
	bench_subject(&bench, "scratch.dir", scratch);
	bench_configure(&bench, "rehearsal", "command", "{stage}/daemon {database}");
	return bench;
}

static const struct plugin_report *check(struct bench *bench)
{
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

Test(rehearsal, a_migration_that_works_is_timed_and_measured)
{
	auto_bench struct bench bench =
		bench_of_daemon("sql 'CREATE TABLE more (x); INSERT INTO more VALUES "
				"(zeroblob(100000))'");
	auto_free char *scratch = scratch_path(&bench.scratch, "scratch");
	auto_free char *before = scratch_listing(bench.scratch.path, "scratch");
	const struct plugin_report *report = check(&bench);
	auto_free char *after = scratch_listing(bench.scratch.path, "scratch");

	bench_expect(report, VERDICT_COMPATIBLE, "rehearsal.works", "it grows by");
	cr_assert_not_null(pairs_get(&report->facts, "state.copy_ms"));
	cr_assert_not_null(pairs_get(&report->facts, "state.migrate_ms"));
	cr_assert_not_null(pairs_get(&report->facts, "state.bytes_before"));
	cr_assert_not_null(pairs_get(&report->facts, "state.bytes_after"));
	cr_assert_str_eq(before, after, "the live database was touched");
	cr_assert_eq(rmdir(scratch), 0, "the copy was left");
}

Test(rehearsal, a_migration_that_fails_on_the_data_refuses_in_the_daemons_words)
{
	auto_bench struct bench bench =
		bench_of_daemon("echo \"migration 4: vm web has no image\" >&2; exit 2");

	bench_expect(check(&bench), VERDICT_INCOMPATIBLE, "rehearsal.fails",
		     "cannot migrate a copy of database state: migration 4: vm web has no image");
}

Test(rehearsal, a_migration_that_leaves_rows_without_their_parents_refuses)
{
	auto_bench struct bench bench = bench_of_daemon("sql 'DELETE FROM parent'");

	bench_expect(check(&bench), VERDICT_INCOMPATIBLE, "rehearsal.dangling",
		     "row 1 of child refers to a row of parent");
}

/* It has made the parent anew, and forgotten its key. */
Test(rehearsal, a_migration_that_leaves_references_nothing_can_keep_refuses)
{
	auto_bench struct bench bench =
		bench_of_daemon("sql 'CREATE TABLE anew AS SELECT * FROM parent; DROP TABLE parent;"
				"ALTER TABLE anew RENAME TO parent'");

	bench_expect(check(&bench), VERDICT_INCOMPATIBLE, "rehearsal.mismatch",
		     "foreign key mismatch");
}

Test(rehearsal, a_migration_that_damages_the_file_refuses)
{
	auto_bench struct bench bench =
		bench_of_daemon("printf x%4000s | /bin/dd of=\"$copy\" bs=1 seek=4096 conv=notrunc "
				"2>/dev/null");

	bench_expect(check(&bench), VERDICT_INCOMPATIBLE, "rehearsal.damages", "damages a copy");
}

Test(rehearsal, a_daemon_that_crashes_says_nothing_of_the_data)
{
	auto_bench struct bench bench = bench_of_daemon("kill -9 $$");

	bench_expect_error(check(&bench), "rehearsal.command", "signal 9");
}

Test(rehearsal, a_migration_that_does_not_end_is_an_error_in_time)
{
	auto_bench struct bench bench = bench_of_daemon("while :; do :; done");

	bench.policy.timeout_ms = 3000;
	bench_expect_error(check(&bench), "rehearsal.timeout", "did not end");
}

Test(rehearsal, a_database_that_is_too_large_is_an_error_before_it_is_copied)
{
	auto_bench struct bench bench = bench_of_daemon("exit 0");

	bench_configure(&bench, "rehearsal", "max_size", "1KiB");
	bench_expect_error(check(&bench), "rehearsal.failed", "more than max_size = 1.0 KiB");
}

/* A file system of its own for the copy, which other processes do not see. Needs root. */
static void mount_scratch(const struct bench *bench, unsigned long flags, const char *options)
{
	scratch_directory(bench->scratch_dir);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", bench->scratch_dir, "tmpfs", flags, options) < 0) {
		cr_skip_test("needs root, to mount a file system");
	}
}

Test(rehearsal, a_copy_that_finds_no_space_says_nothing_of_the_data)
{
	auto_bench struct bench bench = bench_of_daemon("exit 0");

	mount_scratch(&bench, 0, "size=4k");
	bench_expect_error(check(&bench), "rehearsal.failed", "has 4.0 KiB free");
	cr_assert_eq(umount(bench.scratch_dir), 0);
}

Test(rehearsal, a_migration_that_finds_no_space_says_nothing_of_the_data)
{
	auto_bench struct bench bench =
		bench_of_daemon("sql 'CREATE TABLE more AS SELECT zeroblob(300000)' || exit 1");

	mount_scratch(&bench, 0, "size=128k");
	bench_expect_error(check(&bench), "rehearsal.command", "disk is full");
	cr_assert_eq(umount(bench.scratch_dir), 0);
}

Test(rehearsal, a_copy_that_may_not_be_written_says_nothing_of_the_data)
{
	auto_bench struct bench bench = bench_of_daemon("exit 0");

	mount_scratch(&bench, MS_RDONLY, NULL);
	bench_expect_error(check(&bench), "plugin.load", "Read-only file system");
	cr_assert_eq(umount(bench.scratch_dir), 0);
}

Test(rehearsal, a_database_may_be_missing_only_when_that_is_said)
{
	auto_bench struct bench bench = bench_of_daemon("exit 0");

	bench_subject(&bench, "database.state.path", "/nowhere/state.db");
	bench_expect_error(check(&bench), "rehearsal.failed", "does not exist");
	bench_subject(&bench, "database.state.missing", "ok");
	bench_expect(check(&bench), VERDICT_SKIP, "rehearsal.new", "not exist yet");
}

Test(rehearsal, an_empty_file_is_rehearsed_too)
{
	auto_bench struct bench bench = bench_of_daemon("sql 'CREATE TABLE first (x)'");
	auto_free char *empty = scratch_path(&bench.scratch, "empty.db");

	scratch_write(empty, "");
	bench_subject(&bench, "database.state.path", empty);
	bench_expect(check(&bench), VERDICT_COMPATIBLE, "rehearsal.works", "grows");
}

Test(rehearsal, what_is_no_database_is_an_error)
{
	auto_bench struct bench bench = bench_of_daemon("exit 0");
	auto_free char *text = scratch_path(&bench.scratch, "text.db");

	scratch_write(text, "this is a text file, not a database, and longer than a header is: "
			    "one hundred bytes at the very least, I believe\n");
	bench_subject(&bench, "database.state.path", text);
	bench_expect_error(check(&bench), "rehearsal.failed", "could not be rehearsed");
}

Test(rehearsal, a_command_that_does_not_name_the_copy_is_never_run)
{
	auto_bench struct bench bench = bench_of_daemon("touch \"$(dirname \"$0\")/was-run\"");
	auto_free char *trace = scratch_path(&bench.scratch, "was-run");

	bench_configure(&bench, "rehearsal", "command", "{stage}/daemon --migrate");
	bench_expect_error(check(&bench), "rehearsal.option", "{database}");
	bench_configure(&bench, "rehearsal", "command", "daemon {database}");
	bench_expect_error(check(&bench), "rehearsal.option", "daemon");
	bench_configure(&bench, "rehearsal", "command", "{stage}/daemon {database}");
	bench_configure(&bench, "rehearsal", "max_size", "big");
	bench_expect_error(check(&bench), "rehearsal.option", "max_size");
	cr_assert_not(scratch_exists(trace));
}

Test(rehearsal, without_a_database_a_section_or_a_release_it_does_not_apply)
{
	auto_bench struct bench bench = bench_of_daemon("exit 0");

	bench_subject(&bench, "databases", "");
	bench_expect(check(&bench), VERDICT_SKIP, "rehearsal.none", "no database");
	pairs_finish(&bench.subject);
	bench.subject = (struct pairs){0};
	bench_expect(check(&bench), VERDICT_SKIP, "rehearsal.none", "nothing is staged");
	bench.options.policy_count = 0;
	bench_expect(check(&bench), VERDICT_SKIP, "plugin.unconfigured", "command");
}
