/*
 * preflight/runner.h: what comes last. Two plugins run scripts that write down when they do.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "plugins/bench.h"

#define PLUGINS BANGER_BUILD_DIR "/plugins"

struct pair_of_checks {
	struct bench bench;
	struct pairs first_options;
	struct pairs last_options;
	struct preflight_policy policies[2];
	char *log;
};

/* operations, whose script only says that it ran, and config-check, whose script waits a while for
 * it and then ends as it is told. */
static struct pair_of_checks checks_make(const char *end)
{
	struct pair_of_checks checks = {.bench = bench_make()};
	const struct scratch *scratch = &checks.bench.scratch;
	auto_free char *first = scratch_path(scratch, "first");
	auto_free char *last = scratch_path(scratch, "last");
	auto_free char *slow = NULL;
	auto_free char *quick = NULL;

	checks.log = scratch_path(scratch, "log");
	(void)bench_install_file(&checks.bench, PLUGINS "/config-check/config-check.so",
				 "config-check");
	(void)bench_install_file(&checks.bench, PLUGINS "/operations/operations.so", "operations");
	cr_assert_gt(asprintf(&slow,
			      "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10; do\n"
			      "grep -qs last %s && break\n/bin/sleep 0.1\ndone\n"
			      "echo first >>%s\n%s\n",
			      checks.log, checks.log, end),
		     0);
	cr_assert_gt(asprintf(&quick, "#!/bin/sh\necho last >>%s\n", checks.log), 0);
	scratch_write_bytes(first, slow, strlen(slow), 0755);
	scratch_write_bytes(last, quick, strlen(quick), 0755);
	cr_assert_eq(pairs_set(&checks.first_options, "command", first), 0);
	cr_assert_eq(pairs_set(&checks.last_options, "command", last), 0);
	return checks;
}

static void run(struct pair_of_checks *checks, bool last)
{
	struct preflight_options *options = &checks->bench.options;
	struct error err;

	checks->policies[0] = (struct preflight_policy){.name = "config-check",
							.enabled = true,
							.options = &checks->first_options};
	checks->policies[1] = (struct preflight_policy){.name = "operations",
							.enabled = true,
							.options = &checks->last_options,
							.last = last};
	options->policies = checks->policies;
	options->policy_count = 2;
	options->plugin_dir = checks->bench.scratch.path;
	options->subject = &checks->bench.subject;
	cr_assert_eq(preflight_run(options, &checks->bench.report, &err), 0, "%s", err.text);
	cr_assert_eq(checks->bench.report.count, 2);
}

static void finish(struct pair_of_checks *checks)
{
	pairs_finish(&checks->first_options);
	pairs_finish(&checks->last_options);
	free(checks->log);
	bench_finish(&checks->bench);
}

/* Ran the two; what they wrote down, one behind the other. */
static void expect_log(bool last, const char *expected)
{
	struct pair_of_checks checks = checks_make("exit 0");

	run(&checks, last);
	auto_free char *log = scratch_read(checks.log);

	cr_assert_str_eq(log, expected);
	cr_assert_eq(checks.bench.report.verdict, VERDICT_COMPATIBLE);
	cr_assert_str_eq(checks.bench.report.plugins[1].name, "operations");
	finish(&checks);
}

Test(preflight_last, the_last_begins_when_all_others_have_ended)
{
	expect_log(true, "first\nlast\n");
}

Test(preflight_last, the_others_run_side_by_side)
{
	expect_log(false, "last\nfirst\n");
}

Test(preflight_last, nothing_is_waited_for_when_it_is_decided)
{
	struct pair_of_checks checks = checks_make("exit 1");

	run(&checks, true);
	auto_free char *log = scratch_read(checks.log);

	cr_assert_str_eq(log, "first\n");
	bench_expect(&checks.bench.report.plugins[1], VERDICT_SKIP, "plugin.unasked", "refused");
	cr_assert_eq(checks.bench.report.verdict, VERDICT_INCOMPATIBLE);
	finish(&checks);
}

Test(preflight_last, an_error_decides_nothing_since_policy_may_lift_it)
{
	struct pair_of_checks checks = checks_make("exit 127");

	run(&checks, true);
	auto_free char *log = scratch_read(checks.log);

	cr_assert_str_eq(log, "first\nlast\n");
	cr_assert_eq(checks.bench.report.verdict, VERDICT_ERROR);
	finish(&checks);
}
