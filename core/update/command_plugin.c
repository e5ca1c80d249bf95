/*
 * command_plugin.c - `plugin`: what authors and operators ask about plugins outside of an update.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "model/run.h"
#include "update/command.h"
#include "update/json.h"
#include "update/plugin_lint.h"
#include "update/plugin_new.h"
#include "update/plugin_survey.h"
#include "update/plugin_trial.h"
#include "update/report.h"

#define auto_report __attribute__((cleanup(preflight_report_finish)))

static int say_error(const struct options *options, enum result result, const struct error *err)
{
	if (options->json) {
		(void)json_print_error(stdout, "plugin", result, err);
	} else {
		(void)fprintf(stderr, "banger-update: %s\n", err->text);
	}
	return result_exit_code(result);
}

/* Findings on stderr as an update shows them; the verdict in a word on stdout. */
static int say_report(const struct options *options, struct preflight_report *preflight)
{
	struct report report;
	int exit_code = verdict_exit_code(preflight->verdict);

	if (options->json) {
		return json_print_plugins(stdout, preflight, exit_code)
			       ? exit_code
			       : result_exit_code(RESULT_ERROR);
	}
	report_init(&report,
		    &(struct report_options){.quiet = options->quiet, .verbose = options->verbose});
	report_plugins(&report, preflight);
	(void)printf("%s: %s\n", verdict_word(preflight->verdict),
		     preflight->count > 0 ? preflight->plugins[0].name : "there is no plugin");
	return exit_code;
}

static int check(const struct options *options)
{
	auto_plugin_trial struct plugin_trial trial;
	auto_report struct preflight_report report = {0};
	struct error err = {0};
	int rc = plugin_trial_init(&trial, options, &err);

	if (rc == 0 && options->in_process) {
		rc = plugin_trial_run_here(&trial, &report, &err);
	} else if (rc == 0) {
		rc = plugin_trial_run(&trial, TRIAL_NONE, true, &report, &err);
	}
	if (rc < 0) {
		return say_error(options, rc == -EINVAL ? RESULT_USAGE : RESULT_ERROR, &err);
	}
	return say_report(options, &report);
}

static int lint(const struct options *options)
{
	auto_plugin_trial struct plugin_trial trial;
	auto_report struct preflight_report report = {0};
	struct error err = {0};
	int rc = plugin_trial_init(&trial, options, &err);

	if (rc == -EINVAL) {
		return say_error(options, RESULT_USAGE, &err);
	}
	rc = rc < 0 ? rc : plugin_lint(&trial, &report, &err);
	if (rc < 0) {
		return say_error(options, RESULT_ERROR, &err);
	}
	return say_report(options, &report);
}

static int make(const struct options *options)
{
	const char *name = options->arguments.items[1];
	struct error err = {0};
	int rc = plugin_new(name, &err);

	if (rc < 0) {
		return say_error(options, rc == -EINVAL ? RESULT_USAGE : RESULT_ERROR, &err);
	}
	if (options->json) {
		return json_print_error(stdout, "plugin", RESULT_UPDATED, &err) ? 0 : 3;
	}
	(void)printf("%s/ is a plugin that builds, tests and runs as it stands; its README.md says "
		     "how\n",
		     name);
	return 0;
}

static int list(const struct options *options)
{
	auto_config struct config *config = NULL;
	auto_report struct preflight_report report = {0};
	struct error err = {0};
	int rc = config_load(options->config, options->root, &config, &err);

	if (rc < 0) {
		return say_error(options, RESULT_USAGE, &err);
	}
	rc = plugin_survey(config, TRIAL_DESCRIBE, &report, &err);
	if (rc < 0) {
		return say_error(options, RESULT_ERROR, &err);
	}
	int exit_code = report.verdict == VERDICT_ERROR ? result_exit_code(RESULT_ERROR) : 0;

	if (options->json) {
		return json_print_plugins(stdout, &report, exit_code)
			       ? exit_code
			       : result_exit_code(RESULT_ERROR);
	}
	report_list_plugins(stdout, &report);
	return exit_code;
}

static const struct {
	const char *word;
	int (*run)(const struct options *options);
	bool wants_argument;
} words[] = {
	{"new", make, true},
	{"list", list, false},
	{"check", check, true},
	{"lint", lint, true},
};

int command_plugin(const struct options *options)
{
	size_t given = options->arguments.count;
	struct error err;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && given > 0; i++) {
		if (strcmp(options->arguments.items[0], words[i].word) == 0 &&
		    given == (words[i].wants_argument ? 2u : 1u)) {
			return words[i].run(options);
		}
	}
	(void)error_set(&err, -EINVAL,
			"there are `plugin new NAME`, `plugin list`, `plugin check FILE` and "
			"`plugin lint FILE`");
	return say_error(options, RESULT_USAGE, &err);
}
