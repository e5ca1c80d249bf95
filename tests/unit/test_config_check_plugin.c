/*
 * config-check: its verdicts alone, and the whole plugin with scripts as daemons.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/guard.h"
#include "config-check/outcome.h"
#include "plugins/bench.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/config-check/config-check.so"

static struct judgement judge(const struct process_status *status, const char *says)
{
	struct judgement judgement;

	outcome_judge("/stage/daemon -t", says, status, "line one\ntest is successful\n", "",
		      &judgement);
	cr_assert(judgement.verdict == PF_COMPATIBLE || judgement.remedy != NULL);
	return judgement;
}

static void expect(const struct process_status *status, const char *says, pf_verdict verdict,
		   const char *code)
{
	struct judgement judgement = judge(status, says);

	cr_assert_eq(judgement.verdict, verdict, "%s", judgement.sentence.text);
	cr_assert_str_eq(judgement.code, code);
}

Test(config_check, exit_0_passes_and_another_exit_is_the_daemons_refusal)
{
	expect(&(const struct process_status){0}, "", PF_COMPATIBLE, "config.accepted");
	expect(&(const struct process_status){.exit_code = 1}, "", PF_INCOMPATIBLE,
	       "config.refused");
	expect(&(const struct process_status){.exit_code = 255}, "", PF_INCOMPATIBLE,
	       "config.refused");
}

Test(config_check, what_was_not_run_to_its_end_says_nothing_of_the_configuration)
{
	expect(&(const struct process_status){.exit_code = 126}, "", PF_ERROR, "config.command");
	expect(&(const struct process_status){.exit_code = 127}, "", PF_ERROR, "config.command");
	expect(&(const struct process_status){.signal = 11}, "", PF_ERROR, "config.command");
	expect(&(const struct process_status){.timed_out = true}, "", PF_ERROR, "config.command");
	expect(&(const struct process_status){.exit_code = PROCESS_UNSEEN}, "", PF_ERROR,
	       "config.command");
}

Test(config_check, the_words_that_were_asked_for_must_be_said)
{
	expect(&(const struct process_status){0}, "successful", PF_COMPATIBLE, "config.accepted");
	expect(&(const struct process_status){0}, "all is well", PF_ERROR, "config.unsaid");
	expect(&(const struct process_status){.exit_code = 1}, "successful", PF_INCOMPATIBLE,
	       "config.refused");
}

/* A staged daemon that is this script. */
static struct bench bench_of_daemon(const char *script)
{
	struct bench bench = bench_make();
	auto_free char *path = scratch_path(&bench.scratch, "daemon");

	(void)bench_install_file(&bench, PLUGIN, "config-check");
	scratch_write_bytes(path, script, strlen(script), 0755);
	bench_subject(&bench, "stage.dir", bench.scratch.path);
	bench_subject(&bench, "version.to", "0.2.0");
	bench_configure(&bench, "config-check", "command", "{stage}/daemon -t {version}");
	return bench;
}

static const struct plugin_report *check(struct bench *bench)
{
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

Test(config_check, the_staged_daemon_is_asked_and_quoted)
{
	auto_bench struct bench bench = bench_of_daemon(
		"#!/bin/sh\necho \"$1 $2: unknown directive \\\"http3\\\"\" >&2\nexit 1\n");

	bench_expect(check(&bench), VERDICT_INCOMPATIBLE, "config.refused",
		     "exited with 1 and said: -t 0.2.0: unknown directive \"http3\"");
}

Test(config_check, a_daemon_that_accepts_lets_the_update_pass)
{
	auto_bench struct bench bench = bench_of_daemon("#!/bin/sh\necho is successful >&2\n");
	const struct plugin_report *report = check(&bench);

	bench_expect(report, VERDICT_COMPATIBLE, "config.accepted", "accepts");
	cr_assert_not_null(pairs_get(&report->facts, "ms"));
	bench_configure(&bench, "config-check", "says", "successful");
	bench_expect(check(&bench), VERDICT_COMPATIBLE, "config.accepted", "accepts");
	bench_configure(&bench, "config-check", "says", "tested");
	bench_expect_error(check(&bench), "config.unsaid", "is successful");
}

Test(config_check, a_daemon_that_hangs_is_an_error_in_time)
{
	auto_bench struct bench bench = bench_of_daemon("#!/bin/sh\nwhile :; do :; done\n");

	bench.policy.timeout_ms = 3000;
	bench_expect_error(check(&bench), "config.command", "did not end");
}

Test(config_check, what_is_no_command_or_not_there_is_an_error)
{
	auto_bench struct bench bench = bench_of_daemon("#!/bin/sh\n");

	bench_configure(&bench, "config-check", "command", "daemon -t");
	bench_expect_error(check(&bench), "config.option", "daemon");
	bench_configure(&bench, "config-check", "command", "{stage}/nothing");
	bench_expect_error(check(&bench), "config.command", "nothing");
	bench_configure(&bench, "config-check", "command", "{stage}/daemon {database}");
	bench_expect_error(check(&bench), "config.command", "{database}");
}

Test(config_check, without_a_section_or_a_staged_file_it_does_not_apply)
{
	auto_bench struct bench bench = bench_of_daemon("#!/bin/sh\n");

	pairs_finish(&bench.subject);
	bench.subject = (struct pairs){0};
	bench_expect(check(&bench), VERDICT_SKIP, "config.none", "nothing is staged");
	bench.options.policy_count = 0;
	bench_expect(check(&bench), VERDICT_SKIP, "plugin.unconfigured", "command");
}
