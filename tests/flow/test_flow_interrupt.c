/*
 * test_flow_interrupt.c - what happens while a run is on its way: another one, a signal.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"
#include "flow/gate.h"

static struct world world;
static struct gate gate;

static void begin(void)
{
	/* Not so short that a person at the gate looks like a health command that hangs. */
	world = world_make(&(struct world_options){.health_keys = "timeout = 30s\nsettle = 100ms"});
	gate = gate_make(&world);
	publish_release(&world, "0.2.0", 3, NULL);
}

static void end(void)
{
	gate_finish(&gate);
	world_finish(&world);
}

/* The health command stands at the gate when this version is installed. */
static void gate_health_of(const char *version)
{
	char *health = world_script(&world, "health.sh",
				    "if %s/banger --version | grep -q %s; then %s; fi\n"
				    "exec %s/banger doctor --socket %s/socket --database %s",
				    world.bin, version, gate.words, world.bin, world.scratch.path,
				    world.database);

	world_configure(&world, "[health]", "command", health);
	free(health);
}

static void gate_start_of_the_new_release(void)
{
	char *start = world_start_command(&world);
	char *script = world_script(&world, "start.sh", "%s\nexec %s", gate.words, start);

	world_configure(&world, "[service bangerd]", "start", script);
	free(script);
	free(start);
}

/* Sends the signal to a run that stands at the gate, and lets it go on. */
static struct outcome interrupt(int signal)
{
	struct running running = world_begin(&world, "--json");

	gate_await(&gate);
	cr_assert_eq(kill(running.process.pid, signal), 0);
	gate_open(&gate);
	return world_await(&running);
}

static void expect_unchanged_after(int signal)
{
	gate_health_of("0.1.0");
	struct sight before = sight_take(&world);
	struct outcome outcome = interrupt(signal);

	assert_outcome(&world, &outcome, EXPECTED(3, "snapshot", "interrupted before snapshot"));
	assert_unchanged(&world, &before);
	sight_free(&before);
	outcome_free(&outcome);
}

static void expect_restored_after(int signal, const struct expected *expected)
{
	struct sight before = sight_take(&world);
	struct outcome outcome = interrupt(signal);

	assert_outcome(&world, &outcome, expected);
	assert_restored(&world, &before, 1);
	sight_free(&before);
	outcome_free(&outcome);
}

TestSuite(interrupt, .init = begin, .fini = end);

Test(interrupt, a_second_run_is_for_later_and_names_the_first)
{
	gate_health_of("0.1.0");
	struct running first = world_begin(&world, "");
	char *holder = NULL;

	gate_await(&gate);
	cr_assert(asprintf(&holder, "another run holds the lock: pid %d, run ",
			   (int)first.process.pid) > 0);
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(75, NULL, holder, "try again when it is done"));
	expect_nothing_changed(&world, "preflight", EXPECTED_UNRECORDED(75, NULL, holder));
	expect_exit(&world, "--check", 1, "0.2.0 is available"); /* it takes no lock */
	gate_open(&gate);
	struct outcome outcome = world_await(&first);

	cr_assert_eq(outcome.exit_code, 0, "%s%s", outcome.output, outcome.errors);
	free(holder);
	outcome_free(&outcome);
}

Test(interrupt, sigint_before_the_stop_changes_nothing)
{
	expect_unchanged_after(SIGINT);
}

Test(interrupt, sigterm_before_the_stop_changes_nothing)
{
	expect_unchanged_after(SIGTERM);
}

Test(interrupt, sigint_while_the_new_release_starts_goes_back)
{
	gate_start_of_the_new_release();
	expect_restored_after(SIGINT, EXPECTED(4, "health", "interrupted before health"));
}

Test(interrupt, sigterm_while_the_new_release_is_examined_goes_back)
{
	gate_health_of("0.2.0");
	expect_restored_after(SIGTERM, EXPECTED(4, "health", "interrupted before commit"));
}

Test(interrupt, a_terminal_that_is_closed_does_not_end_a_run)
{
	gate_start_of_the_new_release();
	struct outcome outcome = interrupt(SIGHUP);

	cr_assert_eq(outcome.exit_code, 0, "%s%s", outcome.output, outcome.errors);
	cr_assert(world_daemon_is_installed(&world));
	outcome_free(&outcome);
}

Test(interrupt, an_update_follows_an_interrupted_one)
{
	expect_unchanged_after(SIGTERM);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
}
