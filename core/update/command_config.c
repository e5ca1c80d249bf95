/*
 * command_config.c - `config`: what is in force, and what of it is wrong.
 *
 * The INI is judged first, and alone: what its plugins say of their sections comes behind, so that
 * one that cannot be loaded takes nothing away.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "update/command.h"
#include "update/json.h"
#include "update/plugin_sections.h"
#include "update/plugin_survey.h"
#include "update/say.h"
#include "update/show.h"
#include "update/update.h"

#define auto_update __attribute__((cleanup(update_finish)))

static void say_fine(const struct config *config)
{
	size_t files = 0;

	for (size_t i = 0; i < config->sources.count; i++) {
		files += config->sources.items[i].state == SOURCE_READ;
	}
	(void)printf("%s: fine: %s with %zu artifacts, %zu services, %zu databases, read from %zu "
		     "file%s\n",
		     config->path, config->product, config->host.artifact_count,
		     config->host.service_count, config->host.database_count, files,
		     files == 1 ? "" : "s");
}

/* All but the first, which say_end() has the word on. */
static void say_rest(const struct update *update, const struct strings *texts)
{
	for (size_t i = 1; i < texts->count && !update->options->json; i++) {
		(void)fprintf(stderr, "%s: %s\n",
			      update->result == RESULT_USAGE ? "configuration" : "error",
			      texts->items[i]);
	}
}

static int fail(struct update *update, enum result result, const struct strings *texts)
{
	struct error err;

	(void)error_set(&err, result == RESULT_USAGE ? -EINVAL : -ELIBBAD, "%s", texts->items[0]);
	(void)update_fail(update, result, &err);
	say_rest(update, texts);
	return say_end(update, result_exit_code(result));
}

static int check(struct update *update)
{
	auto_section_faults struct section_faults faults = {0};
	struct error err = {0};
	int rc = plugin_survey(update->config, TRIAL_FIT, &update->preflight, &err);

	if (rc == 0 && section_faults_find(update->config, &update->preflight, &faults) < 0) {
		rc = error_no_memory(&err);
	}
	if (faults.lines.count > 0) {
		return fail(update, RESULT_USAGE, &faults.lines);
	}
	if (!update->options->json) {
		say_fine(update->config);
	}
	if (rc < 0) {
		(void)error_prefix(&err, "its plugins could not be asked about their sections");
		(void)update_fail(update, RESULT_ERROR, &err);
		return say_end(update, result_exit_code(RESULT_ERROR));
	}
	if (faults.plugins.count > 0) {
		return fail(update, RESULT_ERROR, &faults.plugins);
	}
	update->result = RESULT_UP_TO_DATE;
	return update->options->json ? say_end(update, 0) : 0;
}

static int show(struct update *update)
{
	bool is_out = update->options->json
			      ? json_print_config(stdout, update->config)
			      : show_config(stdout, update->config, update->report.width);

	return result_exit_code(is_out ? RESULT_UP_TO_DATE : RESULT_ERROR);
}

static const struct {
	const char *word;
	int (*run)(struct update *update);
} words[] = {
	{"show", show},
	{"check", check},
};

static int run(const struct options *options, int (*command)(struct update *update))
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) < 0) {
		return say_end(&update, result_exit_code(update.result));
	}
	return command(&update);
}

int command_config(const struct options *options)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(options->arguments.items[0], words[i].word) == 0) {
			return run(options, words[i].run);
		}
	}
	return say_usage(options, "there are `config show` and `config check`");
}
