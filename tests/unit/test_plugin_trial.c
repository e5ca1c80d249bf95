/*
 * test_plugin_trial.c - one plugin for its author: as a run would run it, with what a section and a
 * subject would say, and nothing left behind.
 */
#include "update/plugin_trial.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "plugins/bench.h"
#include "trial_case.h"

#define auto_report __attribute__((cleanup(preflight_report_finish)))

static struct preflight_report run(const struct trial_case *trial, enum trial how,
				   bool with_options)
{
	struct preflight_report report = {0};
	struct error err = {0};

	cr_assert_eq(plugin_trial_run(&trial->trial, how, with_options, &report, &err), 0, "%s",
		     err.text);
	cr_assert_eq(report.count, 1);
	return report;
}

Test(plugin_trial, runs_one_file_confined_and_leaves_no_directory)
{
	auto_free char *places = NULL;

	{
		auto_trial_case struct trial_case trial = trial_case_make("ok.so", "");
		auto_report struct preflight_report report = run(&trial, TRIAL_NONE, true);

		cr_assert_eq(report.verdict, VERDICT_COMPATIBLE);
		cr_assert_str_eq(report.plugins[0].name, "ok");
		cr_assert_not_null(report.plugins[0].sandbox);
		places = strdup(trial.trial.places);
		cr_assert_eq(access(places, F_OK), 0);
	}
	cr_assert_eq(access(places, F_OK), -1);
}

Test(plugin_trial, a_section_is_what_was_set_and_none_when_nothing_was)
{
	auto_trial_case struct trial_case unset = trial_case_make("required.so", "");
	auto_trial_case struct trial_case set = trial_case_make("required.so", "--set needle=a=b");
	auto_report struct preflight_report skipped = run(&unset, TRIAL_NONE, true);
	auto_report struct preflight_report said = run(&set, TRIAL_NONE, true);
	auto_report struct preflight_report without = run(&set, TRIAL_NONE, false);

	cr_assert_eq(skipped.verdict, VERDICT_SKIP);
	bench_expect(&said.plugins[0], VERDICT_COMPATIBLE, "required.value", "a=b");
	cr_assert_eq(without.verdict, VERDICT_SKIP);
}

Test(plugin_trial, begins_as_it_is_told)
{
	auto_trial_case struct trial_case trial = trial_case_make("unsteady.so", "");
	auto_report struct preflight_report plain = run(&trial, TRIAL_NONE, true);
	auto_report struct preflight_report cancelled = run(&trial, TRIAL_CANCELLED, true);
	auto_report struct preflight_report described = run(&trial, TRIAL_DESCRIBE, true);

	cr_assert_eq(plain.verdict, VERDICT_COMPATIBLE);
	cr_assert_not_null(bench_find(&cancelled.plugins[0], "plugin.crashed"));
	cr_assert_not_null(bench_find(&described.plugins[0], "plugin.described"));
}

Test(plugin_trial, time_and_rights_are_what_was_given)
{
	auto_trial_case struct trial_case none = trial_case_make("ok.so", "");
	auto_trial_case struct trial_case some =
		trial_case_make("ok.so", "--timeout 2min --grant network --grant root");

	cr_assert_eq(none.trial.policy.timeout_ms, 30000);
	cr_assert(!none.trial.policy.grant_network && !none.trial.policy.grant_root);
	cr_assert_eq(some.trial.policy.timeout_ms, 120000);
	cr_assert(some.trial.policy.grant_network && some.trial.policy.grant_root);
}

Test(plugin_trial, a_database_of_the_subject_has_its_file_s_user)
{
	auto_trial_case struct trial_case trial = trial_case_make(
		"ok.so", "--subject databases=state --subject database.state.path=/etc/passwd");

	if (geteuid() != 0) {
		cr_assert_eq(trial.trial.database_count, 0, "nobody else has users to offer");
		return;
	}
	cr_assert_eq(trial.trial.database_count, 1);
	cr_assert_str_eq(trial.trial.databases[0].name, "state");
	cr_assert(trial.trial.databases[0].user.is_set);
	cr_assert_eq(trial.trial.databases[0].user.uid, 0);
}

Test(plugin_trial, a_database_may_name_its_user)
{
	auto_trial_case struct trial_case trial =
		trial_case_make("ok.so",
				"--subject databases=state --subject database.state.path=/nowhere "
				"--subject database.state.user=65533");

	if (geteuid() == 0) {
		cr_assert_eq(trial.trial.databases[0].user.uid, 65533);
	}
}

/* A plugin that hangs for a minute, and an author who does not want to wait. */
Test(plugin_trial, an_interrupt_ends_it_and_removes_its_directory)
{
	auto_free char *places = NULL;
	sigset_t interrupt;
	sigset_t blocked;

	(void)sigemptyset(&interrupt);
	(void)sigaddset(&interrupt, SIGINT);
	{
		auto_trial_case struct trial_case trial =
			trial_case_make("hang.so", "--timeout 1min");
		struct preflight_report report = {0};
		struct error err = {0};

		places = strdup(trial.trial.places);
		cr_assert_eq(raise(SIGINT), 0);
		cr_assert_eq(plugin_trial_run(&trial.trial, TRIAL_NONE, true, &report, &err),
			     -EINTR);
		/* Or it would reach us when the signals are let through again. */
		cr_assert_eq(sigtimedwait(&interrupt, NULL, &(struct timespec){0}), SIGINT);
	}
	cr_assert_eq(access(places, F_OK), -1);
	cr_assert_eq(sigprocmask(SIG_SETMASK, NULL, &blocked), 0);
	cr_assert_eq(sigismember(&blocked, SIGINT), 0);
}

static const struct {
	const char *words;
	int code;
	const char *what;
} wrong[] = {
	{"--set limit", -EINVAL, "--set wants KEY=VALUE"},
	{"--set =value", -EINVAL, "--set wants KEY=VALUE"},
	{"--subject root", -EINVAL, "--subject wants KEY=VALUE"},
	{"--grant everything", -EINVAL, "--grant wants network or root"},
	{"--timeout soon", -EINVAL, "--timeout wants"},
	{"--timeout 0s", -EINVAL, "--timeout wants"},
	{"--timeout 25h", -EINVAL, "--timeout wants"},
};

Test(plugin_trial, what_makes_no_sense_is_refused_with_how_to_say_it)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = {0};

		cr_assert_eq(trial_case_refused(BENCH_PLUGINS "/ok.so", wrong[i].words, &err),
			     wrong[i].code, "%s: %s", wrong[i].words, err.text);
		cr_assert_not_null(strstr(err.text, wrong[i].what), "%s", err.text);
	}
}

Test(plugin_trial, a_file_that_is_not_there_is_named)
{
	struct error err = {0};

	cr_assert_eq(trial_case_refused("/nowhere/x.so", "", &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "/nowhere/x.so"), "%s", err.text);
}

Test(plugin_trial, in_our_own_process_it_says_the_same)
{
	auto_trial_case struct trial_case trial = trial_case_make("two-findings.so", "");
	auto_report struct preflight_report report = {0};
	struct error err = {0};

	cr_assert_eq(plugin_trial_run_here(&trial.trial, &report, &err), 0, "%s", err.text);
	cr_assert_eq(report.verdict, VERDICT_INCOMPATIBLE);
	cr_assert_eq(report.plugins[0].findings.count, 2);
	cr_assert_null(report.plugins[0].sandbox);
}
