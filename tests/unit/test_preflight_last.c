/*
 * preflight/runner.h: what comes last. Two plugins run scripts, one of which looks for the other.
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
	char order[64]; /* in which they ended */
};

static void add_script(struct bench *bench, struct pairs *options, const char *name,
		       const char *text)
{
	auto_free char *path = scratch_path(&bench->scratch, "%s", name);

	scratch_write_bytes(path, text, strlen(text), 0755);
	cr_assert_eq(pairs_set(options, "command", path), 0);
}

/* config-check, whose script waits a second for operations to begin and then for its end, before it
 * ends as it is told. Neither can write where the other reads, but both see who has a place. */
static struct pair_of_checks checks_make(const char *end)
{
	struct pair_of_checks checks = {.bench = bench_make()};
	struct bench *bench = &checks.bench;
	auto_free char *first = NULL;

	(void)bench_install_file(bench, PLUGINS "/config-check/config-check.so", "config-check");
	(void)bench_install_file(bench, PLUGINS "/operations/operations.so", "operations");
	cr_assert_gt(asprintf(&first,
			      "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10; do\n"
			      "[ -d %s/operations ] && break\n/bin/sleep 0.1\ndone\n"
			      "while [ -d %s/operations ]; do /bin/sleep 0.1; done\n%s\n",
			      bench->scratch_dir, bench->scratch_dir, end),
		     0);
	add_script(bench, &checks.first_options, "first", first);
	add_script(bench, &checks.last_options, "last", "#!/bin/sh\n/bin/sleep 0.4\n");
	return checks;
}

static void note_end(void *data, const char *plugin, enum verdict verdict)
{
	struct pair_of_checks *checks = data;
	size_t used = strlen(checks->order);

	(void)verdict;
	(void)snprintf(checks->order + used, sizeof(checks->order) - used, "%s ", plugin);
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
	options->plugin_dir = checks->bench.plugins.path;
	options->scratch_dir = checks->bench.scratch_dir;
	options->done = note_end;
	options->data = checks;
	options->subject = &checks->bench.subject;
	cr_assert_eq(preflight_run(options, &checks->bench.report, &err), 0, "%s", err.text);
	cr_assert_eq(checks->bench.report.count, 2);
}

static void finish(struct pair_of_checks *checks)
{
	pairs_finish(&checks->first_options);
	pairs_finish(&checks->last_options);
	bench_finish(&checks->bench);
}

static void expect_order(bool last, const char *expected)
{
	struct pair_of_checks checks = checks_make("exit 0");

	run(&checks, last);
	cr_assert_str_eq(checks.order, expected);
	cr_assert_eq(checks.bench.report.verdict, VERDICT_COMPATIBLE);
	cr_assert_str_eq(checks.bench.report.plugins[1].name, "operations");
	finish(&checks);
}

Test(preflight_last, the_last_begins_when_all_others_have_ended)
{
	expect_order(true, "config-check operations ");
}

Test(preflight_last, the_others_run_side_by_side)
{
	expect_order(false, "operations config-check ");
}

Test(preflight_last, nothing_is_waited_for_when_it_is_decided)
{
	struct pair_of_checks checks = checks_make("exit 1");

	run(&checks, true);
	bench_expect(&checks.bench.report.plugins[1], VERDICT_SKIP, "plugin.unasked", "refused");
	cr_assert_eq(checks.bench.report.verdict, VERDICT_INCOMPATIBLE);
	finish(&checks);
}

Test(preflight_last, an_error_decides_nothing_since_policy_may_lift_it)
{
	struct pair_of_checks checks = checks_make("exit 127");

	run(&checks, true);

	cr_assert_eq(checks.bench.report.verdict, VERDICT_ERROR);
	finish(&checks);
}
