/*
 * test_flow_incomplete.c - rollbacks that cannot be completed: everything that a person has to do
 * is listed, and what would make it worse is left undone.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void configure(const char *key, const char *script)
{
	world_configure(&world, "[service bangerd]", key, script);
}

/* A start command that starts whatever is installed, and does words when that is the new one. */
static void sabotage_start(const char *words)
{
	char *start = world_start_command(&world);
	char *script = world_script(&world, "start.sh",
				    "%s\nif %s/bangerd --version | grep -q 0.2.0; then\n%s\nfi",
				    start, world.bin, words);

	configure("start", script);
	free(script);
	free(start);
}

static void expect_incomplete(const struct expected *expected)
{
	struct outcome outcome = world_update(&world, "--json");

	assert_outcome(&world, &outcome, expected);
	outcome_free(&outcome);
}

static void assert_daemon(bool expected)
{
	cr_assert_eq(world_daemon(&world) != 0, expected);
	cr_assert_eq(world_processes(&world), expected ? 1 : 0);
}

static void assert_installed(const char *expected)
{
	char *version = world_version(&world);

	cr_assert_str_eq(version, expected);
	free(version);
}

/* Files and rows are as they were, nothing is staged. */
static void assert_put_back(const struct sight *before)
{
	struct sight now = sight_take(&world);

	cr_assert_str_eq(now.installed, before->installed);
	cr_assert_str_eq(now.database, before->database);
	sight_free(&now);
}

TestSuite(incomplete, .init = begin, .fini = end);

Test(incomplete, the_old_release_does_not_start_either)
{
	configure("start", "/bin/false");
	publish_release(&world, "0.2.0", 3, NULL);
	struct sight before = sight_take(&world);

	expect_incomplete(EXPECTED(5, "start", "service bangerd: cannot start bangerd",
				   "its start command exited with 1",
				   "start the old release by hand: service bangerd"));
	assert_put_back(&before);
	assert_daemon(false);
	sight_free(&before);
}

Test(incomplete, each_service_that_does_not_start_is_listed)
{
	world_add_side_service(&world);
	world_configure(&world, "[service side]", "start", "/bin/false");
	configure("start", "/bin/false");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_incomplete(EXPECTED(5, "start", "start the old release by hand: service bangerd",
				   "start the old release by hand: service side"));
	assert_daemon(false);
}

Test(incomplete, a_service_that_starts_is_started_although_another_does_not)
{
	world_add_side_service(&world);
	configure("start", "/bin/false");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_incomplete(EXPECTED(5, "start", "start the old release by hand: service bangerd"));
	cr_assert_eq(world_daemon(&world), 0);
	cr_assert_eq(world_processes(&world), 1, "the service beside it was left stopped");
}

Test(incomplete, the_plain_report_numbers_what_is_to_do)
{
	configure("start", "/bin/false");
	publish_release(&world, "0.2.0", 3, NULL);
	struct outcome outcome = world_update(&world, "");

	cr_assert_eq(outcome.exit_code, 5);
	cr_assert_str_eq(outcome.output, "");
	cr_assert_not_null(
		strstr(outcome.errors, "ROLLBACK INCOMPLETE, a person is needed. banger 0.2.0: "));
	cr_assert_not_null(strstr(outcome.errors, "\n  1. start the old release by hand"));
	outcome_free(&outcome);
}

Test(incomplete, the_old_release_runs_and_is_not_well)
{
	char *health = world_script(&world, "health.sh", "[ ! -e %s/asked ] && >%s/asked",
				    world.scratch.path, world.scratch.path);

	world_configure(&world, "[health]", "command", health);
	publish_release(&world, "0.2.0", 5, NULL);
	struct sight before = sight_take(&world);

	expect_incomplete(
		EXPECTED(5, "health", "not healthy within 1 s", "was put back but is not well"));
	assert_put_back(&before);
	assert_daemon(true);
	cr_assert(world_daemon_is_installed(&world));
	cr_assert_eq(world_failed_copies(&world), 1);
	sight_free(&before);
	free(health);
}

Test(incomplete, a_database_whose_snapshot_is_gone_stays_as_it_is)
{
	char *words = NULL;
	char *says = NULL;

	cr_assert(asprintf(&words, "rm %s/host/lib/.banger-update/*/state.db; exit 1",
			   world.scratch.path) > 0);
	cr_assert(asprintf(&says, "%s/host/lib/.banger-update/", world.scratch.path) > 0);
	sabotage_start(words);
	publish_release(&world, "0.2.0", 3, NULL);
	expect_incomplete(EXPECTED(5, "start", "put database state back by hand", says,
				   "then start the services by hand"));
	assert_daemon(false);
	assert_installed("banger 0.1.0");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	free(words);
	free(says);
}

Test(incomplete, the_old_release_refuses_a_database_that_is_never_put_back)
{
	world_configure(&world, "[database state]", "on_rollback", "never");
	publish_release(&world, "0.2.0", 3, "unhealthy");
	expect_incomplete(EXPECTED(5, "health", "start the old release by hand"));
	assert_installed("banger 0.1.0");
	assert_daemon(false);
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
}

Test(incomplete, an_update_can_follow_once_a_person_has_done_it)
{
	configure("start", "/bin/false");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_incomplete(EXPECTED(5, "start", "start the old release by hand"));
	char *start = world_start_command(&world);

	configure("start", start);
	world_start_daemon(&world);
	expect_exit(&world, "--to 0.2.0", 0, NULL);
	assert_runs(&world, "0.2.0");
	free(start);
}
