/*
 * test_flow_database.c - what a rollback does to databases: what the new release made of them is
 * kept aside, and the old rows are back; what need not be put back is left alone.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){.health_keys = "timeout = 1s\nsettle = 100ms"});
}

static void end(void)
{
	world_finish(&world);
}

/* The one path that matches, which the caller frees. */
static char *find_one(const char *pattern)
{
	glob_t found;

	cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "there is no %s", pattern);
	cr_assert_eq(found.gl_pathc, 1, "there is more than one %s", pattern);
	char *path = strdup(found.gl_pathv[0]);

	globfree(&found);
	return path;
}

/* The copy of the database at path that a failed run kept; the caller frees it. */
static char *failed_copy(const char *database)
{
	char *pattern = NULL;

	cr_assert(asprintf(&pattern, "%s.failed-*", database) > 0);
	char *path = find_one(pattern);

	free(pattern);
	return path;
}

static long query(const char *path, const char *sql)
{
	struct world other = {.database = (char *)(uintptr_t)path};

	return world_query(&other, sql);
}

/* The daemon's start command also runs sql on path, when it is the new release that starts. */
static void write_at_start(const char *path, const char *sql)
{
	char *start = world_start_command(&world);
	char *script = world_script(&world, "start.sh",
				    "%s\nstatus=$?\n%s/bangerd --version | grep -q 0.1.0 || "
				    "sqlite3 %s \"%s\"\nexit $status",
				    start, world.bin, path, sql);

	world_configure(&world, "[service bangerd]", "start", script);
	free(script);
	free(start);
}

static struct outcome update_and_fail(const struct expected *expected)
{
	struct outcome outcome = world_update(&world, "--json");

	assert_outcome(&world, &outcome, expected);
	return outcome;
}

/* A process that has begun to write to the database, and does not end that. */
static pid_t write_forever(void)
{
	int ready[2];
	char byte = 0;

	cr_assert_eq(pipe(ready), 0);
	pid_t writer = fork();

	if (writer == 0) {
		sqlite3 *db = NULL;
		bool writes = sqlite3_open(world.database, &db) == SQLITE_OK &&
			      sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], writes ? "y" : "n", 1);
		(void)pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_assert_eq(byte, 'y');
	return writer;
}

/* Makes an index, and overwrites its first page with nonsense. */
static void damage_an_index(void)
{
	world_sql(&world, "CREATE TABLE filler (value TEXT);"
			  "CREATE INDEX fillers ON filler (value);"
			  "INSERT INTO filler VALUES ('something');"
			  "PRAGMA wal_checkpoint(TRUNCATE)");
	long page = world_query(&world, "SELECT rootpage FROM sqlite_schema WHERE name='fillers'");
	long size = world_query(&world, "PRAGMA page_size");
	char nonsense[64];
	int fd = open(world.database, O_WRONLY | O_CLOEXEC);

	memset(nonsense, 'x', sizeof(nonsense));
	cr_assert_eq(pwrite(fd, nonsense, sizeof(nonsense), (page - 1) * size),
		     (ssize_t)sizeof(nonsense));
	cr_assert_eq(close(fd), 0);
}

TestSuite(database, .init = begin, .fini = end);

Test(database, rows_that_the_new_release_deleted_are_back_and_its_own_are_kept_aside)
{
	publish_release(&world, "0.2.0", 5, "unhealthy");
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 1);
	char *copy = failed_copy(world.database);

	cr_assert_eq(world_query(&world, "SELECT count(*) FROM vms"), 1);
	cr_assert_eq(query(copy, "SELECT count(*) FROM vms"), 0);
	cr_assert_eq(query(copy, "SELECT count(*) FROM notes"), 1);
	cr_assert_eq(query(copy, "SELECT max(id) FROM schema_migrations"), 5);
	free(copy);
}

Test(database, rows_stay_when_the_schema_stayed)
{
	write_at_start(world.database, "UPDATE vms SET name = 'renamed'");
	publish_release(&world, "0.2.0", 2, "unhealthy");
	struct outcome outcome = update_and_fail(EXPECTED(4, "health", "not healthy"));

	cr_assert_eq(world_query(&world, "SELECT count(*) FROM vms WHERE name = 'renamed'"), 1);
	cr_assert_eq(world_failed_copies(&world), 0);
	cr_assert(world_daemon_is_installed(&world));
	cr_assert(world_is_healthy(&world));
	outcome_free(&outcome);
}

Test(database, always_means_also_when_the_schema_stayed)
{
	world_configure(&world, "[database state]", "on_rollback", "always");
	write_at_start(world.database, "UPDATE vms SET name = 'renamed'");
	publish_release(&world, "0.2.0", 2, "unhealthy");
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 1);
	char *copy = failed_copy(world.database);

	cr_assert_eq(query(copy, "SELECT count(*) FROM vms WHERE name = 'renamed'"), 1);
	free(copy);
}

Test(database, never_leaves_the_rows_of_the_new_release)
{
	world_configure(&world, "[database state]", "on_rollback", "never");
	write_at_start(world.database, "UPDATE vms SET name = 'renamed'");
	publish_release(&world, "0.2.0", 2, "unhealthy");
	struct outcome outcome = update_and_fail(EXPECTED(4, "health", "not healthy"));

	cr_assert_eq(world_query(&world, "SELECT count(*) FROM vms WHERE name = 'renamed'"), 1);
	cr_assert_eq(world_failed_copies(&world), 0);
	outcome_free(&outcome);
}

Test(database, one_that_the_new_release_has_made_is_moved_aside)
{
	char *extra = scratch_path(&world.scratch, "host/lib/extra.db");

	world_configure(&world, "[database extra]", "path", extra);
	world_configure(&world, "[database extra]", "missing", "ok");
	write_at_start(extra, "CREATE TABLE made (x); INSERT INTO made VALUES (1)");
	publish_release(&world, "0.2.0", 3, "unhealthy");
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 1);
	char *copy = failed_copy(extra);

	cr_assert_not(scratch_exists(extra));
	cr_assert_eq(query(copy, "SELECT count(*) FROM made"), 1);
	free(copy);
	free(extra);
}

Test(database, one_that_is_damaged_is_found_before_anything_is_replaced)
{
	damage_an_index();
	publish_release(&world, "0.2.0", 3, NULL);
	expect_nothing_changed(&world, "", EXPECTED(2, "snapshot", "database state", "is damaged"));
}

Test(database, one_that_somebody_else_writes_to_cannot_be_migrated)
{
	publish_release(&world, "0.2.0", 3, NULL);
	struct sight before = sight_take(&world);
	pid_t writer = write_forever();
	struct outcome outcome = update_and_fail(EXPECTED(4, "start", "cannot start bangerd"));

	cr_assert_eq(kill(writer, SIGKILL), 0);
	cr_assert_eq(waitpid(writer, NULL, 0), writer);
	assert_restored(&world, &before, 0);
	sight_free(&before);
	outcome_free(&outcome);
}
