/*
 * unit-files: its words alone, and the whole plugin on what the updater would say.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "plugins/bench.h"
#include "unit-files/opinion.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/unit-files/unit-files.so"

static void expect(const char *word, const char *reason, pf_verdict verdict, const char *code)
{
	struct judgement judgement;

	opinion_judge("unit", word, reason, &judgement);
	cr_assert_eq(judgement.verdict, verdict, "%s", word);
	if (verdict != 0) {
		cr_assert_str_eq(judgement.code, code);
		cr_assert_not_null(judgement.remedy);
		cr_assert_not_null(
			strstr(judgement.sentence.text, reason != NULL ? reason : "no reason"));
	}
}

Test(unit_files, each_word_has_its_verdict)
{
	expect("accepted", NULL, 0, NULL);
	expect("refused", "line 3", PF_INCOMPATIBLE, "unit.refused");
	expect("unknown", "not there", PF_ERROR, "unit.unknown");
	expect("a word of tomorrow", NULL, PF_ERROR, "unit.unknown");
}

static const struct plugin_report *run(struct bench *bench)
{
	(void)bench_install_file(bench, PLUGIN, "unit-files");
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

Test(unit_files, one_refused_is_enough)
{
	auto_bench struct bench bench = bench_make();

	bench_subject(&bench, "artifacts", "program\nunit\nother");
	bench_subject(&bench, "artifact.unit.unit", "accepted");
	bench_subject(&bench, "artifact.other.unit", "refused");
	bench_subject(&bench, "artifact.other.unit_reason", "x.service:3: Unknown key");
	const struct plugin_report *report = run(&bench);

	bench_expect(report, VERDICT_INCOMPATIBLE, "unit.refused", "x.service:3: Unknown key");
	cr_assert_null(bench_find(report, "unit.accepted"));
}

Test(unit_files, units_that_are_accepted_are_told)
{
	auto_bench struct bench bench = bench_make();

	bench_subject(&bench, "artifacts", "unit");
	bench_subject(&bench, "artifact.unit.unit", "accepted");
	bench_expect(run(&bench), VERDICT_COMPATIBLE, "unit.accepted", "takes the new unit file");
}

Test(unit_files, without_units_it_is_skipped)
{
	auto_bench struct bench bench = bench_make();

	bench_subject(&bench, "artifacts", "program");
	bench_expect(run(&bench), VERDICT_SKIP, "unit.none", "no unit file");
}
