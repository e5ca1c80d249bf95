/*
 * test_flow_attack.c - what a hostile or unlucky host does to a run: wrong exit codes, daemons that
 * cannot be stopped, killed runs, inherited things, words from outside on the terminal.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "flow/world.h"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
}

static void end(void)
{
	world_finish(&world);
}

TestSuite(attack, .init = begin, .fini = end);

static void publish(const char *version, size_t migrations, const char *behaviour)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = version,
							      .migrations = migrations,
							      .behaviour = behaviour});

	release_built_free(&built);
}

static struct outcome assert_exit(const char *line, int expected)
{
	struct outcome outcome = world_update(&world, line);

	cr_assert_eq(outcome.exit_code, expected, "'%s' exits with %d:\n%s%s", line,
		     outcome.exit_code, outcome.output, outcome.errors);
	return outcome;
}

static void update(const char *line, int expected)
{
	struct outcome outcome = assert_exit(line, expected);

	outcome_free(&outcome);
}

static void assert_version(const char *expected)
{
	char *version = world_version(&world);

	cr_assert_str_eq(version, expected);
	free(version);
}

Test(attack, force_does_not_go_back_to_a_release_that_nobody_named)
{
	publish("0.2.0", 2, NULL);
	update("", 0);
	publish("0.1.5", 2, NULL);
	update("--force", 0);
	assert_version("banger 0.2.0");
	update("--force --to 0.1.5", 0);
	assert_version("banger 0.1.5");
}
