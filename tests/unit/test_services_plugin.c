/*
 * services: its words alone, and the whole plugin on what the updater would say.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/guard.h"
#include "plugins/bench.h"
#include "services/state.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/services/services.so"

static void expect(const char *state, bool left_pid_file, pf_verdict verdict, const char *code)
{
	const struct service_state service = {
		.name = "bangerd",
		.state = state,
		.reason = "the reason",
		.left_pid_file = left_pid_file,
	};
	struct judgement judgement;

	state_judge(&service, &judgement);
	cr_assert_eq(judgement.verdict, verdict, "%s", state);
	cr_assert_str_eq(judgement.code, code);
	cr_assert_not_null(strstr(judgement.sentence.text, "service bangerd "));
	cr_assert_not_null(strstr(judgement.sentence.text, ": the reason"));
	cr_assert(verdict == PF_NEEDED || judgement.remedy != NULL);
}

Test(services, each_word_has_its_verdict)
{
	expect("stopped", false, PF_NEEDED, "services.stopped");
	expect("stopped", true, PF_BUSY, "services.dead");
	expect("unwell", false, PF_BUSY, "services.unwell");
	expect("failed", false, PF_BUSY, "services.failed");
	expect("restarting", false, PF_BUSY, "services.failed");
	expect("masked", false, PF_INCOMPATIBLE, "services.masked");
	expect("missing", false, PF_INCOMPATIBLE, "services.missing");
	expect("unknown", false, PF_ERROR, "services.unknown");
	expect("a word of tomorrow", false, PF_ERROR, "services.unknown");
	expect(NULL, false, PF_ERROR, "services.unknown");
	expect("", true, PF_ERROR, "services.unknown");
}

Test(services, one_that_runs_needs_no_words)
{
	const struct service_state service = {.name = "a",
					      .state = "running",
					      .left_pid_file = true};
	struct judgement judgement;

	state_judge(&service, &judgement);
	cr_assert_eq(judgement.verdict, 0);
}

Test(services, a_unit_that_ends_what_shall_live_on_is_refused)
{
	const struct service_state service = {.name = "a",
					      .state = "running",
					      .ends_children = "KillMode=mixed ends it"};
	struct judgement judgement;

	state_judge(&service, &judgement);
	cr_assert_eq(judgement.verdict, PF_INCOMPATIBLE);
	cr_assert_str_eq(judgement.code, "services.ends-children");
	cr_assert_not_null(strstr(judgement.sentence.text, "KillMode=mixed"));
}

Test(services, a_pid_file_names_a_process_or_says_nothing)
{
	cr_assert(state_names_a_process("1"));
	cr_assert(state_names_a_process("4711\n"));
	cr_assert_not(state_names_a_process(""));
	cr_assert_not(state_names_a_process("\n"));
	cr_assert_not(state_names_a_process("0\n"));
	cr_assert_not(state_names_a_process("-1\n"));
	cr_assert_not(state_names_a_process("12 34\n"));
	cr_assert_not(state_names_a_process("99999999999999999999999999999999999\n"));
}

static struct bench bench_of_services(const char *names)
{
	struct bench bench = bench_make();

	(void)bench_install_file(&bench, PLUGIN, "services");
	bench_subject(&bench, "services", names);
	bench_subject(&bench, "service.one.state", "running");
	return bench;
}

static const struct plugin_report *check(struct bench *bench)
{
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

Test(services, all_that_are_not_well_are_told)
{
	auto_bench struct bench bench = bench_of_services("one\ntwo\nthree");

	bench_subject(&bench, "service.two.state", "unwell");
	bench_subject(&bench, "service.two.reason", "doctor said: the disk is full");
	bench_subject(&bench, "service.three.state", "stopped");
	const struct plugin_report *report = check(&bench);

	bench_expect(report, VERDICT_BUSY, "services.unwell", "two runs, but is not well");
	bench_expect(report, VERDICT_BUSY, "services.unwell", "the disk is full");
	bench_expect(report, VERDICT_NEEDED, "services.stopped", "three");
	cr_assert_eq(report->findings.count, 2);
	cr_assert_str_eq(pairs_get(&report->facts, "services"), "3");
	cr_assert_str_eq(pairs_get(&report->facts, "well"), "1");
}

Test(services, a_pid_file_that_was_left_may_be_from_a_crash)
{
	auto_bench struct bench bench = bench_of_services("one");
	auto_free char *pid_file = scratch_path(&bench.scratch, "one.pid");

	bench_subject(&bench, "service.one.state", "stopped");
	bench_subject(&bench, "service.one.pid_file", pid_file);
	bench_expect(check(&bench), VERDICT_NEEDED, "services.stopped", "one");
	scratch_write(pid_file, "");
	bench_expect(check(&bench), VERDICT_NEEDED, "services.stopped", "one");
	scratch_write(pid_file, "4711\n");
	bench_expect(check(&bench), VERDICT_BUSY, "services.dead", "one does not run, but");
}

Test(services, all_well_is_one_finding)
{
	auto_bench struct bench bench = bench_of_services("one");

	bench_expect(check(&bench), VERDICT_COMPATIBLE, "services.well", "the service runs");
	bench_subject(&bench, "services", "one\ntwo");
	bench_subject(&bench, "service.two.state", "running");
	bench_expect(check(&bench), VERDICT_COMPATIBLE, "services.well", "all services");
	cr_assert_eq(bench.report.plugins[0].findings.count, 1);
}

Test(services, without_a_service_it_does_not_apply)
{
	auto_bench struct bench bench = bench_of_services("");

	bench_expect(check(&bench), VERDICT_SKIP, "services.none", "no service");
}

Test(services, a_host_that_says_nothing_of_a_service_is_not_believed)
{
	auto_bench struct bench bench = bench_of_services("two");

	bench_expect_error(check(&bench), "services.unknown", "two");
}
