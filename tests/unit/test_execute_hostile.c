/*
 * test_execute_hostile.c - scripts that mean harm meet the same walls as shared objects.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "hostile_case.h"
#include "plugins/bench.h"

static const struct plugin_report *run_script(struct bench *bench, const char *lines)
{
	bench_script(bench, "script.sh", lines);
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

Test(execute_hostile, a_script_s_text_reaches_the_report_without_its_teeth)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report =
		run_script(&bench, "printf 'compatible: \\033[31mred \\303\\050\\n'\n"
				   "printf 'remedy: type \\033[5mthis\\n'\n"
				   "printf 'fact: hostile=\\033]0;owned\\007\\n'\n"
				   "printf 'err\\033[2J\\n' >&2\n");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	cr_assert_str_eq(report->findings.items[0].text, "?[31mred ?(");
	cr_assert_str_eq(report->findings.items[0].remedy, "type ?[5mthis");
	cr_assert_str_eq(pairs_get(&report->facts, "hostile"), "\"?]0;owned?\"");
	cr_assert_not_null(strstr(report->output, "err?[2J"));
}

Test(execute_hostile, a_script_can_neither_write_nor_open_the_network)
{
	auto_bench struct bench bench = bench_make();
	auto_target struct target target = target_make();

	need_landlock();
	bench_subject(&bench, "stage.dir", target.scratch.path);
	const struct plugin_report *report =
		run_script(&bench,
			   "exec 2>/dev/null\n"
			   "for do in \"echo x >/etc/banger-hostile\" \"rm $PF_STAGE_DIR/bangerd\" "
			   "\"chmod 777 $PF_STAGE_DIR/bangerd\" \"touch $PF_STAGE_DIR/new\" "
			   "\"touch $PF_STAGE_DIR/bangerd\" \"echo >>$0\"; do\n"
			   "/bin/sh -c \"$do\" && { echo \"incompatible: $do\"; exit 2; }\n"
			   "done\necho compatible: nothing of it\n");

	bench_expect(report, VERDICT_COMPATIBLE, "script", "nothing of it");
	target_assert_unharmed(&target);
}

/* Its descriptor of the results is closed to it: it speaks in lines alone. */
Test(execute_hostile, a_script_cannot_speak_frames)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report =
		run_script(&bench, "for fd in 3 4 5 6 7 8 9; do\n"
				   "( eval \"echo x >&$fd\" ) 2>/dev/null && exit 2\ndone\n"
				   "echo compatible: none is open\n");

	bench_expect(report, VERDICT_COMPATIBLE, "script", "none is open");
}

Test(execute_hostile, what_a_script_leaves_behind_neither_speaks_nor_lives_on)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report =
		run_script(&bench, "setsid sleep 600 &\necho compatible: fine\n");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
	cr_assert_lt(report->ms, BENCH_PATIENCE_MS);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD);
}
