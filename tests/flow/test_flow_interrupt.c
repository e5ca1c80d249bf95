/*
 * test_flow_interrupt.c - what happens while a run is on its way: another one, a signal.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "flow/expect.h"
#include "flow/gate.h"

/* Far more than an interrupted wait may take, far less than what would be waited for. */
#define AT_ONCE_MS 30000
#define LONG       "90s"

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

/* The same, and nobody is content with it. */
static void gate_health_that_never_comes(void)
{
	char *health =
		world_script(&world, "health.sh",
			     "if %s/banger --version | grep -q 0.2.0; then %s; exit 1; fi\n"
			     "exec %s/banger doctor --socket %s/socket --database %s",
			     world.bin, gate.words, world.bin, world.scratch.path, world.database);

	world_configure(&world, "[health]", "command", health);
	world_configure(&world, "[health]", "timeout", LONG);
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

/* A command that waits for the gate, which nobody opens. */
static char *gated_command(const char *name)
{
	return world_script(&world, name, "%s\nexec sleep 600", gate.words);
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

/* The same, but the gate stays shut: what stands there would be waited for too long. */
static struct outcome interrupt_at_once(int signal)
{
	struct running running = world_begin(&world, "--json");

	gate_await(&gate);
	uint64_t sent = clock_monotonic_ms();

	cr_assert_eq(kill(running.process.pid, signal), 0);
	struct outcome outcome = world_await(&running);

	cr_assert_lt(clock_monotonic_ms() - sent, AT_ONCE_MS, "it went on waiting");
	return outcome;
}

static void expect_unchanged_after(int signal, const struct expected *expected)
{
	struct sight before = sight_take(&world);
	struct outcome outcome = interrupt_at_once(signal);

	assert_outcome(&world, &outcome, expected);
	assert_unchanged(&world, &before);
	sight_free(&before);
	outcome_free(&outcome);
}

/* Whether the new release ran, and made something of the database, depends on the phase. */
static void expect_restored_after(int signal, size_t failed_copies, const struct expected *expected)
{
	struct sight before = sight_take(&world);
	struct outcome outcome = interrupt_at_once(signal);

	assert_outcome(&world, &outcome, expected);
	assert_restored(&world, &before, failed_copies);
	sight_free(&before);
	outcome_free(&outcome);
}

static void expect_interrupted_baseline(int signal)
{
	gate_health_of("0.1.0");
	expect_unchanged_after(signal, EXPECTED(3, "baseline", "interrupted while"));
}

/* Returns when the run has no child: what it ran is over. */
static void await_no_child(pid_t pid)
{
	char *path = NULL;
	uint64_t deadline = clock_deadline(AT_ONCE_MS);

	cr_assert(asprintf(&path, "/proc/%d/task/%d/children", (int)pid, (int)pid) > 0);
	for (;;) {
		char *children = scratch_read(path);
		bool is_alone = children[0] == '\0';

		free(children);
		if (is_alone) {
			break;
		}
		cr_assert_gt(clock_left(deadline), 0, "it still has a child");
		(void)poll(NULL, 0, 10);
	}
	free(path);
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
	expect_interrupted_baseline(SIGINT);
}

Test(interrupt, sigterm_before_the_stop_changes_nothing)
{
	expect_interrupted_baseline(SIGTERM);
}

Test(interrupt, sigquit_before_the_stop_changes_nothing)
{
	expect_interrupted_baseline(SIGQUIT);
}

Test(interrupt, a_question_for_the_installed_version_is_not_waited_for)
{
	char *command = gated_command("installed.sh");

	world_configure(&world, "[update]", "installed", command);
	expect_unchanged_after(SIGTERM, EXPECTED_UNRECORDED(3, NULL, "interrupted while"));
	free(command);
}

Test(interrupt, a_plugin_is_not_waited_for)
{
	char *command = gated_command("migrations.sh");
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = "0.2.0",
							      .migrations = 3,
							      .without_release_json = true});

	world_configure(&world, "[plugin schema-migration]", "command", command);
	world_configure(&world, "[preflight]", "timeout", LONG);
	expect_unchanged_after(SIGTERM, EXPECTED(3, "preflight", "interrupted while plugins ran"));
	release_built_free(&built);
	free(command);
}

/* One that was cut short might still be stopping while it is looked for. */
Test(interrupt, a_stop_is_finished_and_the_old_release_started_again)
{
	char *stop = world_script(&world, "stop.sh",
				  "%s\nexec /sbin/start-stop-daemon --stop --quiet --pidfile %s",
				  gate.words, world.pid_file);

	world_configure(&world, "[service bangerd]", "stop", stop);
	world_configure(&world, "[service bangerd]", "stop_timeout", LONG);
	struct sight before = sight_take(&world);
	struct outcome outcome = interrupt(SIGTERM);

	assert_outcome(&world, &outcome, EXPECTED(4, "complete", "interrupted before complete"));
	assert_restored(&world, &before, 0);
	sight_free(&before);
	outcome_free(&outcome);
	free(stop);
}

Test(interrupt, a_start_is_not_waited_for)
{
	world_configure(&world, "[service bangerd]", "ready_timeout", LONG);
	gate_start_of_the_new_release();
	expect_restored_after(SIGINT, 0, EXPECTED(4, "start", "while its start command ran"));
}

Test(interrupt, a_health_command_that_hangs_is_not_waited_for)
{
	world_configure(&world, "[health]", "timeout", LONG);
	gate_health_of("0.2.0");
	expect_restored_after(SIGTERM, 1, EXPECTED(4, "health", "interrupted while"));
}

Test(interrupt, health_that_never_comes_is_not_waited_for)
{
	gate_health_that_never_comes();
	world_configure(&world, "[health]", "interval", "80s");
	struct sight before = sight_take(&world);
	struct running running = world_begin(&world, "--json");

	gate_await(&gate);
	gate_open(&gate);
	await_no_child(running.process.pid);
	uint64_t sent = clock_monotonic_ms();

	cr_assert_eq(kill(running.process.pid, SIGINT), 0);
	struct outcome outcome = world_await(&running);

	cr_assert_lt(clock_monotonic_ms() - sent, AT_ONCE_MS);
	assert_outcome(&world, &outcome,
		       EXPECTED(4, "health", "interrupted before it was healthy"));
	assert_restored(&world, &before, 1);
	sight_free(&before);
	outcome_free(&outcome);
}

Test(interrupt, a_release_is_not_waited_for_while_it_settles)
{
	gate_health_of("0.2.0");
	world_configure(&world, "[health]", "settle", "10s");
	struct sight before = sight_take(&world);
	struct running running = world_begin(&world, "--json");

	gate_await(&gate);
	gate_open(&gate);
	await_no_child(running.process.pid);
	cr_assert_eq(kill(running.process.pid, SIGTERM), 0);
	struct outcome outcome = world_await(&running);

	assert_outcome(&world, &outcome,
		       EXPECTED(4, "health", "interrupted before it had settled"));
	assert_restored(&world, &before, 1);
	sight_free(&before);
	outcome_free(&outcome);
}

Test(interrupt, the_way_back_does_not_listen)
{
	char *start = world_start_command(&world);
	/* The old release again, behind a new one. */
	char *script =
		world_script(&world, "start.sh",
			     "if ! %s/bangerd --version | grep -q 0.2.0; then %s; fi\nexec %s",
			     world.bin, gate.words, start);

	publish_release(&world, "0.2.0", 3, "exits-at-once");
	world_configure(&world, "[service bangerd]", "start", script);
	world_configure(&world, "[service bangerd]", "ready_timeout", LONG);
	struct sight before = sight_take(&world);
	struct running running = world_begin(&world, "--json");

	gate_await(&gate);
	cr_assert_eq(kill(running.process.pid, SIGINT), 0);
	cr_assert_eq(kill(running.process.pid, SIGTERM), 0);
	gate_open(&gate);
	struct outcome outcome = world_await(&running);

	assert_outcome(&world, &outcome, EXPECTED(4, "start", "cannot start bangerd"));
	assert_restored(&world, &before, 0);
	sight_free(&before);
	outcome_free(&outcome);
	free(script);
	free(start);
}

Test(interrupt, a_terminal_that_is_closed_does_not_end_a_run)
{
	gate_start_of_the_new_release();
	struct outcome outcome = interrupt(SIGHUP);

	cr_assert_eq(outcome.exit_code, 0, "%s%s", outcome.output, outcome.errors);
	cr_assert(world_daemon_is_installed(&world));
	outcome_free(&outcome);
}

/* A terminal of the run's own, which goes away while the daemon is down. */
Test(interrupt, a_terminal_that_goes_away_does_not_end_a_run)
{
	int terminal = -1;
	int status = 0;

	gate_start_of_the_new_release();
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		(void)execl(BANGER_BUILD_DIR "/prefix/bin/banger-update", "banger-update",
			    "--config", world.ini, (char *)NULL);
		_exit(127);
	}
	gate_await(&gate);
	cr_assert_eq(close(terminal), 0);
	gate_open(&gate);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	assert_runs(&world, "0.2.0");
}

Test(interrupt, an_update_follows_an_interrupted_one)
{
	expect_interrupted_baseline(SIGTERM);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
}
