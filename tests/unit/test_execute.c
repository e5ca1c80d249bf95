/*
 * test_execute.c - plugins that are programs, run by the real runner and helper.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "plugins/bench.h"
#include "support/scratch.h"

static const struct plugin_report *run_script(struct bench *bench, const char *lines)
{
	bench_script(bench, "disk.sh", lines);
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	cr_assert_str_eq(bench->report.plugins[0].name, "disk");
	return &bench->report.plugins[0];
}

static void expect_script_error(const char *lines, const char *code, const char *what)
{
	auto_bench struct bench bench = bench_make();

	bench_expect_error(run_script(&bench, lines), code, what);
}

Test(execute, a_script_answers_with_its_verdict_its_remedy_and_its_facts)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report =
		run_script(&bench, "echo incompatible: the disk is full\n"
				   "echo remedy: free some space\necho fact: free_mb=12\n"
				   "echo looked at all disks\necho to stderr >&2\nexit 2\n");

	bench_expect(report, VERDICT_INCOMPATIBLE, "disk", "the disk is full");
	cr_assert_eq(report->verdict, VERDICT_INCOMPATIBLE);
	cr_assert_eq(report->findings.count, 1);
	cr_assert_str_eq(report->findings.items[0].remedy, "free some space");
	cr_assert_str_eq(pairs_get(&report->facts, "free_mb"), "12");
	cr_assert_not_null(strstr(report->output, "looked at all disks"));
	cr_assert_not_null(strstr(report->output, "to stderr"));
	cr_assert(strstr(report->sandbox, "seccomp") != NULL, "%s", report->sandbox);
}

Test(execute, a_script_is_told_the_subject_and_its_options_in_variables)
{
	auto_bench struct bench bench = bench_make();

	bench_subject(&bench, "version.to", "1.2.3");
	bench_subject(&bench, "artifact.a-b.staged", "/stage/a b");
	bench_configure(&bench, "disk", "min_free", "10%");
	const struct plugin_report *report =
		run_script(&bench,
			   "echo \"compatible: $PF_PLUGIN $PF_VERSION_TO $PF_ARTIFACT_A_B_STAGED "
			   "$PF_OPTION_MIN_FREE $PF_TIMEOUT_MS\"\n");

	bench_expect(report, VERDICT_COMPATIBLE, "disk", "disk 1.2.3 /stage/a b 10% 20000");
}

Test(execute, a_script_has_nothing_else_in_its_environment)
{
	auto_bench struct bench bench = bench_make();

	cr_assert_eq(setenv("LD_PRELOAD_X", "hostile", 1), 0);
	const struct plugin_report *report =
		run_script(&bench, "echo compatible: $(env | cut -d = -f 1 | sort)\n");

	bench_expect(report, VERDICT_COMPATIBLE, "disk",
		     "LC_ALL PATH PF_PLUGIN PF_SCRATCH_DIR PF_TIMEOUT_MS PWD TMPDIR");
}

Test(execute, a_script_may_write_to_its_directory_which_is_gone_afterwards)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report =
		run_script(&bench,
			   "cd \"$PF_SCRATCH_DIR\" && mkdir a && echo x >a/b && "
			   "test \"$(mktemp)\" && touch new && echo \"compatible: $(cat a/b)\"\n");

	bench_expect(report, VERDICT_COMPATIBLE, "disk", "x");
	cr_assert_not(scratch_exists(bench.scratch_dir));
}

Test(execute, the_example_in_the_documentation_works)
{
	auto_bench struct bench bench = bench_make();
	auto_buffer struct buffer text = BUFFER_INIT(64 * KIB);
	auto_free char *script = scratch_path(&bench.plugins, "raining.sh");
	auto_free char *weather = scratch_path(&bench.scratch, "etc/weather");
	struct error err;

	cr_assert_eq(file_read_path(BENCH_PLUGINS "/raining.sh", &text, &err), 0, "%s", err.text);
	scratch_write_bytes(script, text.data, text.length, 0755);
	bench_subject(&bench, "root", bench.scratch.path);
	bench_subject(&bench, "product", "banger");
	bench_subject(&bench, "version.to", "0.2.0");
	bench_run(&bench);
	bench_expect(&bench.report.plugins[0], VERDICT_COMPATIBLE, "raining", "it is dry");
	cr_assert_str_eq(pairs_get(&bench.report.plugins[0].facts, "clouds"), "3");
	auto_free char *etc = scratch_path(&bench.scratch, "etc");

	scratch_directory(etc);
	scratch_write(weather, "rain");
	bench_run(&bench);
	bench_expect(&bench.report.plugins[0], VERDICT_INCOMPATIBLE, "raining",
		     "banger 0.2.0 is not waterproof");
	cr_assert_str_eq(bench_find(&bench.report.plugins[0], "raining")->remedy,
			 "wait for the sun");
}

Test(execute, verdict_and_exit_code_count_only_together)
{
	expect_script_error("echo compatible: fine\nexit 1\n", "plugin.answer", "exited with 1");
	expect_script_error("exit 0\n", "plugin.answer", "did not answer");
	expect_script_error("exit 1\n", "plugin.answer", "did not answer");
	expect_script_error("echo needed: something\n", "plugin.answer", "not with 1");
	expect_script_error("echo compatible: fine\nset -e\nfalse\n", "plugin.answer",
			    "exited with 1");
}

Test(execute, a_script_that_hangs_or_is_killed_is_an_error_whatever_it_said)
{
	auto_bench struct bench bench = bench_make();

	expect_script_error("echo compatible: fine\nkill -SEGV $$\n", "plugin.crashed",
			    "signal 11");
	bench_configure(&bench, "disk", NULL, NULL);
	bench.policy.timeout_ms = 500;
	bench_expect_error(run_script(&bench, "echo compatible: fine\ntrap '' TERM\nsleep 600\n"),
			   "plugin.timeout", "500 ms");
}

Test(execute, a_script_that_prints_without_end_is_stopped)
{
	expect_script_error("echo compatible: fine\nwhile :; do echo and on; done\n",
			    "plugin.protocol", "more than 262144 bytes");
}

Test(execute, what_is_not_executable_is_an_error_and_not_left_out)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *plain = scratch_path(&bench.plugins, "plain");

	scratch_write_bytes(plain, "#!/bin/sh\necho compatible: fine\n", 31, 0644);
	bench_run(&bench);
	bench_expect_error(&bench.report.plugins[0], "plugin.load", "nor executable");
}

Test(execute, what_its_user_may_not_read_is_an_error)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *secret = scratch_path(&bench.plugins, "secret");

	scratch_write_bytes(secret, "#!/bin/sh\necho compatible: fine\n", 31, 0311);
	bench_run(&bench);
	cr_assert_eq(bench.report.verdict, VERDICT_ERROR);
}

Test(execute, what_is_no_program_is_an_error_that_says_so)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *text = scratch_path(&bench.plugins, "text");
	auto_free char *nowhere = scratch_path(&bench.plugins, "nowhere");

	scratch_write_bytes(text, "echo compatible: fine\n", 22, 0755);
	scratch_write_bytes(nowhere, "#!/no/such/shell\n", 17, 0755);
	bench_run(&bench);
	bench_expect_error(&bench.report.plugins[0], "plugin.load", "interpreter behind its #!");
	bench_expect_error(&bench.report.plugins[1], "plugin.load", "begins with #!");
}

Test(execute, two_files_of_one_name_are_both_errors)
{
	auto_bench struct bench bench = bench_make();

	bench_script(&bench, "ok.sh", "echo compatible: fine\n");
	(void)bench_install(&bench, "ok");
	bench_run(&bench);
	cr_assert_eq(bench.report.count, 2);
	bench_expect_error(&bench.report.plugins[0], "plugin.load", "ok.sh and ok.so");
	bench_expect_error(&bench.report.plugins[1], "plugin.load", "ok.sh and ok.so");
}

Test(execute, two_keys_of_one_variable_are_an_error_and_none_is_lost)
{
	auto_bench struct bench bench = bench_make();

	bench_subject(&bench, "database.a-b.path", "/1");
	bench_subject(&bench, "database.a_b.path", "/2");
	bench_expect_error(run_script(&bench, "echo compatible: fine\n"), "plugin.load",
			   "PF_DATABASE_A_B_PATH");
}
