/*
 * test_flow_rollback.c - new releases that do not come up: afterwards the old one runs, from the
 * old files, on the old rows, and is healthy.
 */
#include <criterion/criterion.h>
#include <signal.h>
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

/* A start command that does first once, and then what the INI file's own would. */
static void start_differently(const char *first)
{
	char *start = world_start_command(&world);
	char *script = world_script(&world, "start.sh",
				    "if ! [ -e %s/started ]; then >%s/started\n%s\nfi\nexec %s",
				    world.scratch.path, world.scratch.path, first, start);

	world_configure(&world, "[service bangerd]", "start", script);
	free(script);
	free(start);
}

TestSuite(rollback, .init = begin, .fini = end);

Test(rollback, a_release_that_exits_at_once)
{
	publish_release(&world, "0.2.0", 3, "exits-at-once");
	expect_restored(&world,
			EXPECTED(4, "start", "service bangerd: cannot start bangerd",
				 "its start command"),
			0);
}

Test(rollback, a_release_that_is_never_ready)
{
	world_configure(&world, "[service bangerd]", "ready_timeout", "1s");
	publish_release(&world, "0.2.0", 3, "never-ready");
	expect_restored(&world,
			EXPECTED(4, "start", "cannot start bangerd", "did not end within 1 s"), 1);
}

Test(rollback, a_release_that_is_ready_and_never_healthy)
{
	publish_release(&world, "0.2.0", 3, "unhealthy");
	expect_restored(&world,
			EXPECTED(4, "health", "not healthy within 1 s", "the health command",
				 "exited with 1"),
			1);
}

Test(rollback, a_release_that_dies_when_it_is_asked)
{
	publish_release(&world, "0.2.0", 3, "dies-when-asked");
	expect_restored(&world,
			EXPECTED(4, "health", "service bangerd was ready, then its process ended"),
			1);
}

Test(rollback, a_release_that_dies_a_while_after_it_was_healthy)
{
	world_configure(&world, "[health]", "settle", "1500ms");
	publish_release(&world, "0.2.0", 3, "dies-after-ready");
	expect_restored(&world,
			EXPECTED(4, "health", "service bangerd was ready, then its process ended"),
			1);
}

Test(rollback, a_release_that_neither_is_well_nor_listens_to_its_stop)
{
	world_configure(&world, "[service bangerd]", "stop_timeout", "500ms");
	publish_release(&world, "0.2.0", 3, "unhealthy-and-ignores-stop");
	expect_restored(&world, EXPECTED(4, "health", "not healthy within 1 s"), 1);
}

Test(rollback, another_program_than_the_installed_one)
{
	char *first = NULL;

	cr_assert(asprintf(&first,
			   "cp %s/bangerd %s/other; exec /sbin/start-stop-daemon --start --quiet "
			   "--background --notify-await --notify-timeout 4 --make-pidfile "
			   "--pidfile %s --exec %s/other -- --database %s --socket %s/socket",
			   world.bin, world.scratch.path, world.pid_file, world.scratch.path,
			   world.database, world.scratch.path) > 0);
	start_differently(first);
	free(first);
	publish_release(&world, "0.2.0", 3, NULL);
	expect_restored(&world, EXPECTED(4, "start", "of bangerd does not run", "but another file"),
			1);
}

Test(rollback, a_daemon_that_cannot_be_stopped_is_left_running)
{
	world_configure(&world, "[service bangerd]", "stop", "/bin/false");
	publish_release(&world, "0.2.0", 3, NULL);
	struct sight before = sight_take(&world);
	struct outcome outcome = world_update(&world, "--json");

	assert_outcome(&world, &outcome,
		       EXPECTED(4, "stop", "service bangerd: cannot stop bangerd",
				"its stop command exited with 1", "still runs"));
	assert_unchanged(&world, &before);
	sight_free(&before);
	outcome_free(&outcome);
}

/* As a service manager does it to those that require what is stopped. */
Test(rollback, a_service_that_went_down_with_another_that_cannot_be_stopped)
{
	char *stop = world_script(&world, "stop.sh",
				  "/sbin/start-stop-daemon --stop --quiet --pidfile %s\nexit 1",
				  world.pid_file);

	world_add_side_service(&world);
	world_configure(&world, "[service side]", "stop", stop);
	publish_release(&world, "0.2.0", 3, NULL);
	struct sight before = sight_take(&world);
	struct outcome outcome = world_update(&world, "--json");

	assert_outcome(&world, &outcome,
		       EXPECTED(4, "stop", "service side: cannot stop side", "still runs"));
	cr_assert_eq(world_processes(&world), 2, "a service was left stopped");
	cr_assert_neq(world_daemon(&world), before.daemon);
	sight_free(&before);
	outcome_free(&outcome);
	free(stop);
}

Test(rollback, the_plain_report_tells_why_and_what_was_kept)
{
	publish_release(&world, "0.2.0", 5, "unhealthy");
	struct outcome outcome = world_update(&world, "");

	cr_assert_eq(outcome.exit_code, 4);
	cr_assert_str_eq(outcome.output, "");
	cr_assert_not_null(strstr(outcome.errors, "going back to the old release"));
	cr_assert_not_null(strstr(outcome.errors, "what the new release made of it is kept"));
	cr_assert_not_null(strstr(outcome.errors, ".failed-"));
	cr_assert_not_null(strstr(outcome.errors,
				  "rolled back: banger 0.1.0 runs again and is as well as before; "
				  "0.2.0 failed: not healthy within 1 s"));
	outcome_free(&outcome);
}

Test(rollback, a_rollback_keeps_the_backup_of_the_update_before)
{
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
	publish_release(&world, "0.3.0", 3, "unhealthy");
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 0);
}

Test(rollback, a_rollback_can_be_followed_by_another_and_by_an_update)
{
	publish_release(&world, "0.2.0", 4, "unhealthy");
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 1);
	publish_release(&world, "0.2.1", 4, "unhealthy");
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 2);
	publish_release(&world, "0.2.2", 4, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.2");
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM notes"), 1);
	cr_assert_eq(world_failed_copies(&world), 2);
}

Test(rollback, the_first_file_is_put_back_when_the_second_cannot_be_replaced)
{
	char *stop = world_script(&world, "stop.sh",
				  "rm %s/.banger-update-banger/*/banger\n"
				  "exec /sbin/start-stop-daemon --stop --quiet --pidfile %s",
				  world.bin, world.pid_file);

	world_configure(&world, "[service bangerd]", "stop", stop);
	publish_release(&world, "0.2.0", 3, NULL);
	expect_restored(&world, EXPECTED(4, "swap", "artifact banger: cannot open"), 0);
	free(stop);
}

Test(rollback, a_file_that_was_not_there_before_is_removed)
{
	char *tool = path_join(world.bin, "tool");
	struct release_built built = world_publish(
		&world, &(struct world_release){.version = "0.2.0",
						.migrations = 3,
						.behaviour = "unhealthy",
						.more = {.name = "tool",
							 .text = "#!/bin/sh\necho tool 0.2.0\n"}});

	world_configure(&world, "[artifact tool]", "install", tool);
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 1);
	cr_assert_not(scratch_exists(tool));
	release_built_free(&built);
	free(tool);
}

/* The new release is well, but a file of it is gone when it shall be recorded as installed. */
Test(rollback, a_commit_that_fails_says_nothing_against_the_release)
{
	char *health = world_script(&world, "health",
				    "case $(%s/bangerd --version) in *0.2.0*) rm -f %s/banger ;; "
				    "esac",
				    world.bin, world.bin);

	publish_release(&world, "0.2.0", 3, NULL);
	world_configure(&world, "[health]", "command", health);
	expect_exit(&world, "", 4, "cannot record the other release");
	free(world_script(&world, "health", "true"));
	expect_exit(&world, "", 0, "0.2.0 is installed and healthy");
	free(health);
}

/* start-stop-daemon cannot write its pid file, says so, and its child becomes the daemon later. */
Test(rollback, what_a_failed_start_command_has_left_behind_is_ended)
{
	char *start = world_start_command(&world);
	char *other = strdup(start);
	char *flag = scratch_path(&world.scratch, "started");

	cr_assert_not_null(other);
	memcpy(strstr(other, "--pidfile ") + strlen("--pidfile \""), "/nope/", strlen("/nope/"));
	char *script = world_script(&world, "start.sh", "[ -e %s ] || { : >%s; exec %s; }\nexec %s",
				    flag, flag, other, start);

	world_configure(&world, "[service bangerd]", "start", script);
	publish_release(&world, "0.2.0", 3, NULL);
	expect_restored(&world, EXPECTED(4, "start", "cannot start bangerd"), 0);
	free(script);
	free(flag);
	free(other);
	free(start);
}
