/*
 * test_abi.c - plugins and hosts of every age: what was built with one header meets what was built
 * with another, older and newer, in both directions. The updater of today is one of the hosts.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/process.h"
#include "plugins/bench.h"

/* "next today 1.0" */
static const char names[] = ABI_NAMES;

static struct strings ages_of(const char *list)
{
	struct strings ages = {0};
	auto_free char *copy = strdup(list);
	char *rest = NULL;

	for (char *age = strtok_r(copy, " ", &rest); age != NULL;
	     age = strtok_r(NULL, " ", &rest)) {
		cr_assert_eq(strings_add(&ages, age), 0);
	}
	cr_assert_geq(ages.count, 3, "next, today and one that is frozen at least");
	return ages;
}

/* What the host of one age says to the plugin of another: its code, and the host's minor. */
static void meet(const char *host, const char *age, const char *plugin, unsigned *ret_minor,
		 char code[64])
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	auto_free char *program = NULL;
	auto_free char *file = NULL;
	struct error err;

	cr_assert_gt(asprintf(&program, "%s/%s/host", ABI_AGES, host), 0);
	cr_assert_gt(asprintf(&file, "%s/%s/%s.so", ABI_AGES, age, plugin), 0);
	cr_assert_eq(strings_add(&words, program), 0);
	cr_assert_eq(strings_add(&words, file), 0);
	cr_assert_eq(process_run(&words, BENCH_PATIENCE_MS, &result, &err), 0, "%s", err.text);
	cr_assert(process_succeeded(&result.status), "%s", buffer_text(&result.errors));
	cr_assert_eq(sscanf(buffer_text(&result.output), "%u %63s", ret_minor, code), 2);
}

static unsigned minor_of(const char *age)
{
	unsigned minor = 0;
	char code[64];

	meet(age, age, "probe", &minor, code);
	return minor;
}

Test(abi, the_header_that_could_come_next_is_newer_than_today_s)
{
	cr_assert_eq(minor_of("next"), minor_of("today") + 1);
	cr_assert_leq(minor_of("1.0"), minor_of("today"));
	cr_assert_eq(minor_of("1.0"), 0);
}

Test(abi, every_plugin_runs_in_every_host_and_uses_what_both_have)
{
	auto_strings struct strings ages = ages_of(names);

	for (size_t i = 0; i < ages.count; i++) {
		for (size_t k = 0; k < ages.count; k++) {
			const char *host = ages.items[i];
			const char *age = ages.items[k];
			bool both_new = strcmp(host, "next") == 0 && strcmp(age, "next") == 0;
			unsigned minor = 0;
			char code[64];

			meet(host, age, "probe", &minor, code);
			cr_assert_str_eq(code, both_new ? "probe.later" : "probe.plain",
					 "a plugin of %s in a host of %s", age, host);
			meet(host, age, "template", &minor, code);
			cr_assert(strncmp(code, "load.", 5) == 0, "%s in %s: %s", age, host, code);
		}
	}
}

Test(abi, a_plugin_that_needs_a_newer_host_is_refused_by_an_older_one_alone)
{
	auto_strings struct strings ages = ages_of(names);

	for (size_t i = 0; i < ages.count; i++) {
		for (size_t k = 0; k < ages.count; k++) {
			const char *host = ages.items[i];
			const char *age = ages.items[k];
			bool is_older = minor_of(host) < minor_of(age);
			unsigned minor = 0;
			char code[64];

			meet(host, age, "needy", &minor, code);
			cr_assert_str_eq(code, is_older ? "refused.version" : "needy.fine",
					 "a plugin of %s in a host of %s", age, host);
		}
	}
}

/* The same with the updater's own helper, sandboxed, as a run does it. */
static const struct plugin_report *run_today(struct bench *bench, const char *age,
					     const char *plugin)
{
	auto_free char *file = NULL;

	cr_assert_gt(asprintf(&file, "%s/%s/%s.so", ABI_AGES, age, plugin), 0);
	(void)bench_install_file(bench, file, plugin);
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

Test(abi, the_updater_of_today_runs_what_was_built_with_every_header)
{
	auto_strings struct strings ages = ages_of(names);

	for (size_t i = 0; i < ages.count; i++) {
		auto_bench struct bench probe = bench_make();
		auto_bench struct bench template = bench_make();
		const struct plugin_report *report = run_today(&probe, ages.items[i], "probe");

		cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s: %s", ages.items[i],
			     report->findings.items[0].text);
		cr_assert_str_eq(report->findings.items[0].code, "probe.plain");
		report = run_today(&template, ages.items[i], "template");
		cr_assert(strncmp(report->findings.items[0].code, "load.", 5) == 0, "%s: %s",
			  ages.items[i], report->findings.items[0].text);
	}
}

Test(abi, the_updater_of_today_refuses_who_needs_a_newer_one)
{
	auto_strings struct strings ages = ages_of(names);

	for (size_t i = 0; i < ages.count; i++) {
		auto_bench struct bench bench = bench_make();
		const struct plugin_report *report = run_today(&bench, ages.items[i], "needy");

		if (minor_of(ages.items[i]) > minor_of("today")) {
			bench_expect_error(report, "plugin.abi",
					   "it needs ABI 1.1, the updater has");
		} else {
			cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", ages.items[i]);
		}
	}
}
