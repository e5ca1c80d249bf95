/*
 * test_describe.c - what the helper says of a plugin that is not asked: its descriptor, and whether
 * its section fits it.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "banger/preflight.h"
#include "base/guard.h"
#include "plugins/bench.h"

#define LONGEST "tenletterstenletterstenletterstenletterstenletterstenlettersfour"

static const struct plugin_report *describe(struct bench *bench, const char *plugin)
{
	bench->options.trial = TRIAL_DESCRIBE;
	return bench_run_one(bench, plugin);
}

static void expect_fact(const struct plugin_report *report, const char *key, const char *value)
{
	const char *is = pairs_get(&report->facts, key);

	cr_assert_not_null(is, "there is no fact %s", key);
	cr_assert_str_eq(is, value, "%s: %s", key, is);
}

Test(describe, a_plugin_says_what_it_is_and_which_options_it_has)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = describe(&bench, "optional");

	bench_expect(report, VERDICT_SKIP, "plugin.described", "a test");
	cr_assert_eq(report->findings.count, 1, "it was asked");
	expect_fact(report, "version", "\"1\"");
	expect_fact(report, "abi", "\"1.0\"");
	expect_fact(report, "needs", "0");
	expect_fact(report, "option.colour", "\"\\\"red\\\": what it says\"");
	expect_fact(report, "option.size", "\"\\\"large\\\": nothing\"");
}

Test(describe, an_option_without_fallback_is_required)
{
	auto_bench struct bench bench = bench_make();

	expect_fact(describe(&bench, "required"), "option.needle", "\"required: what it says\"");
}

Test(describe, an_option_s_text_reaches_nobody_s_terminal_as_it_is)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = describe(&bench, "careless");

	expect_fact(report, "option.mute", "\"\\\"?[2J\\\": \"");
	/* Too long for a fact: left out, and nothing else with it. */
	cr_assert_null(pairs_get(&report->facts, "option." LONGEST));
}

Test(describe, what_a_plugin_needs_is_a_number_and_nothing_is_missed)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = describe(&bench, "needs-network");
	char number[8];

	(void)snprintf(number, sizeof(number), "%u", PF_NEED_NETWORK);
	cr_assert_eq(report->verdict, VERDICT_SKIP);
	expect_fact(report, "needs", number);
}

Test(describe, a_program_says_nothing_of_itself_and_does_not_run)
{
	auto_bench struct bench bench = bench_make();

	bench_script(&bench, "script.sh", "echo 'incompatible: it ran'; exit 2");
	bench.options.trial = TRIAL_DESCRIBE;
	bench_run(&bench);
	bench_expect(&bench.report.plugins[0], VERDICT_SKIP, "plugin.described", "a program");
	bench.options.trial = TRIAL_FIT;
	bench_run(&bench);
	bench_expect(&bench.report.plugins[0], VERDICT_SKIP, "plugin.described", "a program");
}

Test(describe, what_cannot_be_loaded_is_no_less_an_error)
{
	auto_bench struct bench bench = bench_make();

	bench_expect_error(describe(&bench, "undefined-symbol"), "plugin.load", "symbol");
}

/* Does the section, of one key or (NULL) none, fit it? */
static const struct plugin_report *fit(struct bench *bench, const char *plugin, const char *key)
{
	bench->options.trial = TRIAL_FIT;
	bench_configure(bench, plugin, key, "a value");
	return bench_run_one(bench, plugin);
}

Test(describe, a_section_that_fits_is_said_to)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = fit(&bench, "required", "needle");

	bench_expect(report, VERDICT_SKIP, "plugin.described", "fits");
	cr_assert_eq(report->findings.count, 1, "it was asked");
}

Test(describe, a_wrong_key_is_the_finding_s_code_whatever_its_length)
{
	auto_bench struct bench bench = bench_make();
	auto_bench struct bench other = bench_make();

	bench_expect(fit(&bench, "optional", LONGEST), VERDICT_ERROR, LONGEST, "colour, size");
	cr_assert_eq(fit(&other, "careless", LONGEST)->verdict, VERDICT_SKIP);
}

Test(describe, a_key_that_could_be_no_code_is_told_all_the_same)
{
	static const char *const keys[] = {LONGEST "x", "two words", "\033[2J", "new\nline"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		auto_bench struct bench bench = bench_make();
		const struct plugin_report *report = fit(&bench, "optional", keys[i]);

		bench_expect(report, VERDICT_ERROR, "plugin.option", "unknown key");
		cr_assert_null(strchr(report->findings.items[0].text, 0x1b));
	}
}

Test(describe, a_key_that_is_missing_is_the_code_too)
{
	auto_bench struct bench bench = bench_make();

	bench_expect(fit(&bench, "required", NULL), VERDICT_ERROR, "needle", "does not set needle");
}

Test(describe, every_wrong_key_is_told_and_a_run_does_not_begin)
{
	auto_bench struct bench bench = bench_make();

	cr_assert_eq(pairs_set(&bench.given, "shape", "round"), 0);
	bench_configure(&bench, "optional", "weight", "none");
	const struct plugin_report *report = bench_run_one(&bench, "optional");

	cr_assert_eq(report->findings.count, 2);
	bench_expect_error(report, "plugin.option", "unknown key shape");
	cr_assert_not_null(strstr(report->findings.items[1].text, "unknown key weight"));
}
