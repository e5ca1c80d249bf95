/*
 * The runner with the real helper and plugins that are wrong in one way each (tests/plugins).
 */
#include "preflight/runner.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "plugins/bench.h"
#include "support/scratch.h"

/* Runs one plugin that must fail. */
static void expect_failure(const char *plugin, const char *code, const char *what)
{
	auto_bench struct bench bench = bench_make();

	bench_expect_error(bench_run_one(&bench, plugin), code, what);
	cr_assert_eq(bench.report.verdict, VERDICT_ERROR);
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;
	DIR *fds = opendir("/proc/self/fd");

	cr_assert_not_null(fds);
	while (readdir(fds) != NULL) {
		count++;
	}
	(void)closedir(fds);
	return count;
}

Test(preflight_run, a_good_plugin_passes_with_its_facts_and_its_log)
{
	auto_bench struct bench bench = bench_make();

	cr_assert_eq(pairs_set(&bench.subject, "version.to", "1.2.3"), 0);
	const struct plugin_report *report = bench_run_one(&bench, "ok");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
	cr_assert_eq(bench.report.verdict, VERDICT_COMPATIBLE);
	cr_assert_eq(report->findings.count, 1);
	cr_assert_str_eq(report->findings.items[0].code, "ok.fine");
	cr_assert_str_eq(report->findings.items[0].text, "all is well");
	cr_assert_null(report->findings.items[0].remedy);
	cr_assert_str_eq(pairs_get(&report->facts, "answer"), "42");
	cr_assert_str_eq(pairs_get(&report->facts, "version"), "\"1.2.3\"");
	cr_assert_str_eq(pairs_get(&report->facts, "quoted"), "\"a \\\"b\\\" \\\\ c\\nd\"");
	cr_assert_not_null(strstr(report->output, "info: looked at 1.2.3\n"));
}

Test(preflight_run, the_worst_finding_is_the_verdict)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "two-findings");

	cr_assert_eq(report->verdict, VERDICT_INCOMPATIBLE, "%s", report->findings.items[0].text);
	cr_assert_eq(report->findings.count, 2);
	cr_assert_str_eq(report->findings.items[1].remedy, "do not");
}

Test(preflight_run, the_worst_plugin_is_the_verdict_of_all_in_the_order_of_their_names)
{
	auto_bench struct bench bench = bench_make();

	(void)bench_install(&bench, "two-findings");
	(void)bench_install(&bench, "no-finding");
	(void)bench_install(&bench, "ok");
	bench_run(&bench);
	cr_assert_eq(bench.report.count, 3);
	cr_assert_str_eq(bench.report.plugins[0].name, "no-finding");
	cr_assert_str_eq(bench.report.plugins[1].name, "ok");
	cr_assert_str_eq(bench.report.plugins[2].name, "two-findings");
	cr_assert_eq(bench.report.verdict, VERDICT_INCOMPATIBLE);
}

Test(preflight_run, the_example_in_the_documentation_works)
{
	auto_bench struct bench bench = bench_make();

	cr_assert_eq(pairs_set(&bench.subject, "stage.dir", bench.scratch.path), 0);
	const struct plugin_report *report = bench_run_one(&bench, "space");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
	cr_assert_not_null(pairs_get(&report->facts, "free_blocks"));
}

Test(preflight_run, a_crash_is_an_error_that_names_the_signal_and_keeps_what_was_said)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "crash");

	bench_expect_error(report, "plugin.crashed", "signal 11");
	cr_assert_not_null(bench_find(report, "crash.before"));
}

Test(preflight_run, a_crash_in_a_constructor_is_an_error)
{
	expect_failure("constructor-crash", "plugin.crashed", "signal 11");
}

Test(preflight_run, an_exit_in_a_constructor_is_an_error)
{
	expect_failure("constructor-exit", "plugin.silent", "exited with 0");
}

Test(preflight_run, a_plugin_that_hangs_is_stopped_at_its_own_timeout)
{
	auto_bench struct bench bench = bench_make();
	uint64_t before = clock_monotonic_ms();

	bench_configure(&bench, "hang", NULL, NULL);
	bench.policy.timeout_ms = 700;
	const struct plugin_report *report = bench_run_one(&bench, "hang");

	bench_expect_error(report, "plugin.timeout", "700 ms");
	cr_assert_not_null(bench_find(report, "hang.before"));
	cr_assert_geq(report->ms, 700);
	cr_assert_lt(clock_monotonic_ms() - before, BENCH_PATIENCE_MS);
}

Test(preflight_run, exit_0_inside_the_check_is_an_error)
{
	expect_failure("exit-after-pass", "plugin.silent", "before its check returned");
}

Test(preflight_run, exit_1_without_a_word_is_an_error_and_not_needed)
{
	expect_failure("exit-silently", "plugin.silent", "exited with 1");
}

Test(preflight_run, a_check_that_fails_is_an_error_with_its_errno)
{
	expect_failure("fails", "plugin.failed", strerror(EIO));
}

Test(preflight_run, no_finding_is_an_error)
{
	expect_failure("no-finding", "plugin.silent", "without a finding");
}

Test(preflight_run, a_verdict_that_is_none_cannot_be_followed_by_a_pass)
{
	expect_failure("verdict-zero", "plugin.refused", strerror(EINVAL));
}

Test(preflight_run, garbage_among_the_frames_is_an_error)
{
	expect_failure("bad-frame", "plugin.protocol", "protocol");
}

Test(preflight_run, a_flood_of_output_is_capped_and_stopped)
{
	auto_bench struct bench bench = bench_make();

	bench_configure(&bench, "flood", NULL, NULL);
	bench.policy.timeout_ms = 500;
	const struct plugin_report *report = bench_run_one(&bench, "flood");

	bench_expect_error(report, "plugin.timeout", "500 ms");
	cr_assert_leq(strlen(report->output), LIMIT_OUTPUT);
}

Test(preflight_run, much_output_and_log_does_not_harm_a_finding)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "output");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
	cr_assert_leq(strlen(report->output), LIMIT_OUTPUT);
}

Test(preflight_run, processes_left_behind_do_not_delay_the_run_and_do_not_survive_it)
{
	auto_bench struct bench bench = bench_make();
	char marker[16];

	(void)snprintf(marker, sizeof(marker), "pfl%d", (int)getpid());
	bench_configure(&bench, "linger", "marker", marker);
	const struct plugin_report *report = bench_run_one(&bench, "linger");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
	cr_assert_lt(report->ms, BENCH_PATIENCE_MS);
	cr_assert_eq(bench_processes_called(marker), 0);
}

Test(preflight_run, a_run_leaves_no_descriptor_no_child_and_no_reaper_behind)
{
	auto_bench struct bench bench = bench_make();
	unsigned before = open_descriptors();
	int is_reaper = -1;

	(void)bench_install(&bench, "crash");
	(void)bench_install(&bench, "bad-frame");
	(void)bench_install(&bench, "ok");
	bench_run(&bench);
	cr_assert_eq(open_descriptors(), before);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD);
	cr_assert_eq(prctl(PR_GET_CHILD_SUBREAPER, &is_reaper), 0);
	cr_assert_eq(is_reaper, 0);
}

Test(preflight_run, a_missing_symbol_is_found_when_the_plugin_is_loaded)
{
	expect_failure("undefined-symbol", "plugin.load", "nobody_defines_this");
}

Test(preflight_run, a_shared_object_that_is_no_plugin_is_an_error)
{
	expect_failure("no-descriptor", "plugin.load", "pf_plugin_v1");
}

Test(preflight_run, a_plugin_under_another_name_is_an_error_that_names_both)
{
	expect_failure("misnamed", "plugin.abi", "something-else");
}

Test(preflight_run, another_major_is_refused)
{
	expect_failure("wrong-major", "plugin.abi", "needs ABI 2.0, the updater has 1.0");
}

Test(preflight_run, a_newer_minor_is_refused)
{
	expect_failure("newer-minor", "plugin.abi", "needs ABI 1.1, the updater has 1.0");
}

Test(preflight_run, the_network_must_be_granted)
{
	auto_bench struct bench bench = bench_make();

	bench_expect_error(bench_run_one(&bench, "needs-network"), "plugin.grant", "network");
	bench_configure(&bench, "needs-network", NULL, NULL);
	bench.policy.grant_network = true;
	bench_run(&bench);
	cr_assert_eq(bench.report.verdict, VERDICT_COMPATIBLE);
}

Test(preflight_run, an_option_has_the_section_s_value_or_its_fallback)
{
	auto_bench struct bench bench = bench_make();

	cr_assert_str_eq(bench_run_one(&bench, "optional")->findings.items[0].text, "red");
	bench_configure(&bench, "optional", "colour", "blue");
	bench_run(&bench);
	cr_assert_str_eq(bench.report.plugins[0].findings.items[0].text, "blue");
}

Test(preflight_run, an_unknown_key_is_an_error_that_names_the_known_ones)
{
	auto_bench struct bench bench = bench_make();

	bench_configure(&bench, "optional", "color", "blue");
	const struct plugin_report *report = bench_run_one(&bench, "optional");

	bench_expect_error(report, "plugin.option", "color");
	bench_expect_error(report, "plugin.option", "colour, size");
}

Test(preflight_run, a_required_option_without_a_section_is_a_skip)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "required");

	cr_assert_eq(report->verdict, VERDICT_SKIP);
	cr_assert_not_null(bench_find(report, "plugin.unconfigured"));
	cr_assert_not_null(strstr(report->findings.items[0].text, "needle"));
}

Test(preflight_run, a_required_option_that_its_section_lacks_is_an_error)
{
	auto_bench struct bench bench = bench_make();

	bench_configure(&bench, "required", NULL, NULL);
	bench_expect_error(bench_run_one(&bench, "required"), "plugin.option", "needle");
}

Test(preflight_run, hostile_text_reaches_the_report_without_its_teeth)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "hostile-text");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	cr_assert_str_eq(report->findings.items[0].text, "?[31mred??desrever");
	cr_assert_str_eq(report->findings.items[0].remedy, "type ?[5mthis");
	cr_assert_str_eq(pairs_get(&report->facts, "hostile"), "\"?]0;owned?\"");
	cr_assert_not_null(strstr(report->output, "out?[2J"));
}

Test(preflight_run, a_text_that_is_too_long_cannot_be_followed_by_a_pass)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "long-text");

	bench_expect_error(report, "plugin.refused", strerror(E2BIG));
	cr_assert_not_null(bench_find(report, "long.accepted"));
	cr_assert_null(bench_find(report, "long.refused"));
}

Test(preflight_run, one_finding_too_many_is_an_error)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "too-many");

	bench_expect_error(report, "plugin.refused", strerror(E2BIG));
	cr_assert_eq(report->findings.count, LIMIT_FINDINGS + 1);
}

Test(preflight_run, the_host_s_own_codes_are_not_for_plugins)
{
	expect_failure("forged-code", "plugin.refused", strerror(EINVAL));
}

Test(preflight_run, a_plugin_is_an_ordinary_process_to_itself_and_to_its_libc)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "own-number");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
}

Test(preflight_run, a_fork_s_child_is_not_heard)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "fork-returns");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	cr_assert_eq(report->findings.count, 1);
	cr_assert_str_eq(report->findings.items[0].code, "fork.parent");
}

Test(preflight_run, a_finding_from_another_thread_is_refused_and_not_forgotten)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "foreign-thread");

	bench_expect_error(report, "plugin.refused", strerror(EPERM));
	cr_assert_null(bench_find(report, "thread.other"));
}

Test(preflight_run, a_helper_that_cannot_run_is_an_error_of_each_plugin)
{
	auto_bench struct bench bench = bench_make();

	(void)close(bench.options.helper_fd);
	bench.options.helper_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bench_expect_error(bench_run_one(&bench, "ok"), "plugin.load", "cannot run");
}

Test(preflight_run, a_helper_that_is_another_program_is_an_error)
{
	auto_bench struct bench bench = bench_make();

	(void)close(bench.options.helper_fd);
	bench.options.helper_fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
	bench_expect_error(bench_run_one(&bench, "ok"), "plugin.silent", "exited with 0");
}

Test(preflight_run, a_subject_that_is_too_large_is_an_error_and_not_cut)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *huge = calloc(1, LIMIT_PLUGIN_REQUEST + 1);

	cr_assert_not_null(huge);
	memset(huge, 'x', LIMIT_PLUGIN_REQUEST);
	cr_assert_eq(pairs_set(&bench.subject, "product", huge), 0);
	bench_expect_error(bench_run_one(&bench, "ok"), "plugin.load", "subject");
}

/* Counts and remembers what is announced. */
struct announced {
	unsigned count;
	enum verdict last;
};

static void note(void *data, const char *plugin, enum verdict verdict)
{
	struct announced *announced = data;

	cr_assert(text_has_prefix(plugin, "p"));
	announced->count++;
	announced->last = verdict;
}

Test(preflight_run, more_plugins_than_places_all_run_and_each_is_announced_once)
{
	enum {
		PLUGINS_COUNT = 24
	};
	auto_bench struct bench bench = bench_make();
	struct announced announced = {0};

	for (int i = 0; i < PLUGINS_COUNT; i++) {
		char name[16];

		/* Misnamed: each is refused by its own process. */
		(void)snprintf(name, sizeof(name), "p%d", i);
		(void)bench_install_as(&bench, "ok", name);
	}
	bench.options.done = note;
	bench.options.data = &announced;
	bench_run(&bench);
	cr_assert_eq(bench.report.count, PLUGINS_COUNT);
	cr_assert_eq(announced.count, PLUGINS_COUNT);
	cr_assert_eq(announced.last, VERDICT_ERROR);
	for (int i = 0; i < PLUGINS_COUNT; i++) {
		cr_assert_not_null(bench_find(&bench.report.plugins[i], "plugin.abi"));
	}
}

/* A plugin that hangs for a minute, and somebody who does not want to wait. */
Test(preflight_run, an_interrupt_ends_the_run_and_every_plugin)
{
	auto_bench struct bench bench = bench_make();
	struct error err;
	int ends[2];
	uint64_t started = clock_monotonic_ms();

	(void)bench_install(&bench, "hang");
	(void)bench_install(&bench, "ok");
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(close(ends[1]), 0);
	bench.options.interrupts = ends[0];
	bench.options.plugin_dir = bench.plugins.path;
	bench.options.subject = &bench.subject;
	bench.options.timeout_ms = 60000;
	cr_assert_eq(preflight_run(&bench.options, &bench.report, &err), -EINTR);
	cr_assert_lt(clock_monotonic_ms() - started, 30000);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD, "a plugin was left behind");
	cr_assert_eq(close(ends[0]), 0);
}
