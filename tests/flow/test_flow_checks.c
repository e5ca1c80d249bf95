/*
 * test_flow_checks.c - the updater's own plugins that are not in every world: each lets an update
 * pass that it should, and stops one that it should not.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "flow/expect.h"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
	publish_release(&world, "0.2.0", 3, NULL);
}

static void end(void)
{
	world_finish(&world);
}

/* The update happens, and one finding among its plugins' has this code and says this. */
static void expect_pass(const char *code, const char *says)
{
	struct outcome outcome = world_update(&world, "--json");
	char *quoted = NULL;

	cr_assert_eq(outcome.exit_code, 0, "%s%s", outcome.output, outcome.errors);
	cr_assert_gt(asprintf(&quoted, "\"%s\"", code), 0);
	cr_assert_not_null(strstr(outcome.output, quoted), "no %s: %s", code, outcome.output);
	cr_assert_not_null(strstr(outcome.output, says), "not \"%s\": %s", says, outcome.output);
	free(quoted);
	outcome_free(&outcome);
	assert_runs(&world, "0.2.0");
}

TestSuite(checks, .init = begin, .fini = end);

Test(checks, disk_space_lets_an_update_pass_that_fits)
{
	world_add_check(&world, "disk-space", NULL);
	expect_pass("disk.enough", "the way back need");
}

Test(checks, disk_space_refuses_what_does_not_fit)
{
	world_add_check(&world, "disk-space", "reserve = 1000000GiB");
	expect_nothing_changed(&world, "",
			       EXPECTED(2, "preflight", "disk-space", "have to be left",
					"a snapshot of database state", "free space"));
}

Test(checks, services_lets_an_update_pass_when_all_are_well)
{
	world_configure(&world, "[service bangerd]", "status", "/bin/true");
	world_add_check(&world, "services", NULL);
	expect_pass("services.well", "runs and is well");
}

Test(checks, services_tells_before_the_update_that_one_has_died)
{
	world_add_check(&world, "services", NULL);
	pid_t daemon = world_daemon(&world);

	cr_assert_eq(kill(daemon, SIGTERM), 0);
	while (world_daemon(&world) != 0) {
		(void)poll(NULL, 0, 10);
	}
	struct outcome outcome = world_update(&world, "--json");

	assert_outcome(&world, &outcome,
		       EXPECTED(75, "preflight", "service bangerd does not run, but",
				"remove its pid file"));
	outcome_free(&outcome);
}

Test(checks, services_tells_what_a_status_command_says_before_the_update)
{
	char *status = world_script(&world, "status.sh", "echo the disk is on fire >&2; exit 4");

	world_configure(&world, "[service bangerd]", "status", status);
	world_add_check(&world, "services", NULL);
	expect_nothing_changed(&world, "",
			       EXPECTED(75, "preflight", "is not well already now",
					"exited with 4 and said: the disk is on fire"));
	free(status);
}

/* Asks the script instead of the daemon. */
static void add_operations(const char *script, const char *drain)
{
	char *list = world_script(&world, "list.sh", "cd \"$(dirname \"$0\")\"\n%s", script);
	char *keys = NULL;

	cr_assert_gt(asprintf(&keys, "last = yes\ncommand = %s\ndrain = %s", list, drain), 0);
	world_add_check(&world, "operations", keys);
	free(keys);
	free(list);
}

Test(checks, operations_lets_an_update_pass_when_the_daemon_has_nothing_to_do)
{
	char *keys = NULL;

	cr_assert_gt(asprintf(&keys, "socket = %s/socket", world.scratch.path), 0);
	world_add_check(&world, "operations", keys);
	if (geteuid() == 0) {
		/* The database is root's, and root's sockets are more than that. */
		expect_nothing_changed(&world, "",
				       EXPECTED(3, "preflight", "cannot ask the daemon",
						"write grant = root"));
		world_configure(&world, "[plugin operations]", "grant", "root");
	}
	expect_pass("operations.none", "nothing is in flight");
	free(keys);
}

Test(checks, operations_waits_for_what_ends)
{
	char *script = NULL;

	/* It can write nothing down, but it knows what time it is. */
	cr_assert_gt(asprintf(&script, "[ $(date +%%s) -gt %lld ] || echo import 7",
			      (long long)time(NULL) + 3),
		     0);
	add_operations(script, "20s");
	expect_pass("operations.none", "of waiting");
	free(script);
}

Test(checks, operations_stops_an_update_that_would_cut_something_off_unless_waived)
{
	add_operations("echo import 7", "100ms");
	expect_nothing_changed(&world, "",
			       EXPECTED(75, "preflight", "operations", "would cut it off: import 7",
					"drain"));
	expect_exit(&world, "--waive operations", 0, "0.2.0 is installed");
}

Test(checks, operations_is_not_waited_for_when_it_is_decided)
{
	world_add_check(&world, "disk-space", "reserve = 1000000GiB");
	add_operations("echo import 7", "10s");
	expect_nothing_changed(&world, "",
			       EXPECTED(2, "preflight", "has refused the update already"));
}

Test(checks, config_check_lets_an_update_pass_that_the_new_daemon_accepts)
{
	world_add_check(&world, "config-check",
			"command = {stage}/bangerd --version\nsays = 0.2.0");
	expect_pass("config.accepted", "accepts its configuration");
}

Test(checks, config_check_refuses_what_the_new_daemon_refuses)
{
	char *keys = NULL;
	char *test = world_script(&world, "test.sh", "echo \"$1: unknown key vm_limit\"; exit 1");

	cr_assert_gt(asprintf(&keys, "command = %s {version}", test), 0);
	world_add_check(&world, "config-check", keys);
	expect_nothing_changed(&world, "",
			       EXPECTED(2, "preflight", "config-check", "refuses its configuration",
					"0.2.0: unknown key vm_limit"));
	free(keys);
	free(test);
}

Test(checks, they_do_not_apply_where_they_are_not_configured)
{
	world_add_check(&world, "config-check", NULL);
	expect_pass("plugin.unconfigured", "no section [plugin config-check] with command");
}
