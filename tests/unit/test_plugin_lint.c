/*
 * test_plugin_lint.c - what would hurt later is found, and nothing that would not.
 */
#include "update/plugin_lint.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/sanitizer.h"
#include "plugins/bench.h"
#include "trial_case.h"

#define auto_report __attribute__((cleanup(preflight_report_finish)))

static struct preflight_report lint(const char *plugin, const char *words)
{
	auto_trial_case struct trial_case trial = trial_case_make(plugin, words);
	struct preflight_report report = {0};
	struct error err = {0};

	cr_assert_eq(plugin_lint(&trial.trial, &report, &err), 0, "%s", err.text);
	cr_assert_eq(report.count, 1);
	return report;
}

static const struct finding *complaint(const struct preflight_report *report, const char *code,
				       const char *what)
{
	const struct findings *found = &report->plugins[0].findings;

	for (size_t i = 0; i < found->count; i++) {
		if (strcmp(found->items[i].code, code) == 0 &&
		    strstr(found->items[i].text, what) != NULL) {
			return &found->items[i];
		}
	}
	return NULL;
}

Test(plugin_lint, has_nothing_to_say_of_a_good_one)
{
	auto_report struct preflight_report report = lint("ok.so", "");

	cr_assert_eq(report.verdict, VERDICT_COMPATIBLE, "%s",
		     report.plugins[0].findings.items[0].text);
	cr_assert_str_eq(report.plugins[0].name, "ok");
	cr_assert_eq(report.plugins[0].findings.count, 0);
}

Test(plugin_lint, of_a_careless_one_names_symbol_and_option)
{
	auto_report struct preflight_report report = lint("careless.so", "");

	cr_assert_eq(report.verdict, VERDICT_INCOMPATIBLE);
	cr_assert_not_null(complaint(&report, "lint.export", "careless_stray"));
	cr_assert_not_null(complaint(&report, "lint.help", "option mute"));
	/* A sanitizer has symbols of its own to export. */
	cr_assert(report.plugins[0].findings.count == 2 || SANITIZED_ADDRESSES);
}

Test(plugin_lint, runs_it_in_ways_that_a_run_may_come_to)
{
	auto_report struct preflight_report report = lint("unsteady.so", "");

	cr_assert_not_null(complaint(&report, "plugin.crashed", "cancelled at once: "));
	cr_assert_not_null(complaint(&report, "lint.unsteady", "run twice"));
	cr_assert_eq(report.plugins[0].findings.count, 2);
}

Test(plugin_lint, does_not_run_what_cannot_be_loaded)
{
	auto_report struct preflight_report report = lint("undefined-symbol.so", "");

	cr_assert_not_null(complaint(&report, "plugin.load", "symbol"));
	cr_assert_eq(report.plugins[0].findings.count, 1);
}

Test(plugin_lint, gives_it_the_time_and_the_rights_that_it_is_told_to)
{
	auto_report struct preflight_report denied = lint("needs-network.so", "");
	auto_report struct preflight_report granted = lint("needs-network.so", "--grant network");
	auto_report struct preflight_report hanging = lint("hang.so", "--timeout 300ms");

	cr_assert_not_null(complaint(&denied, "plugin.grant", "asks for network"));
	cr_assert_eq(granted.verdict, VERDICT_COMPATIBLE, "%s",
		     granted.plugins[0].findings.items[0].text);
	cr_assert_not_null(complaint(&hanging, "plugin.timeout", "300 ms"));
}

Test(plugin_lint, needs_a_section_s_keys_only_where_there_is_one)
{
	auto_report struct preflight_report unset = lint("required.so", "");
	auto_report struct preflight_report set = lint("required.so", "--set needle=hay");
	auto_report struct preflight_report wrong = lint("required.so", "--set thread=hay");

	cr_assert_eq(unset.verdict, VERDICT_COMPATIBLE);
	cr_assert_eq(set.verdict, VERDICT_COMPATIBLE);
	cr_assert_not_null(complaint(&wrong, "plugin.option", "unknown key thread"));
}

Test(plugin_lint, of_a_program_looks_at_what_it_does)
{
	auto_report struct preflight_report good = lint("raining.sh", "");

	cr_assert_eq(good.verdict, VERDICT_COMPATIBLE, "%s",
		     good.plugins[0].findings.items[0].text);
}
