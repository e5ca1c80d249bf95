/*
 * update.c - update.h: a run made ready, concluded and given back.
 */
#include "update/update.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "install/staging.h"
#include "update/mirrors.h"

int update_fail(struct update *update, enum result result, const struct error *err)
{
	update->result = result;
	update->failure = *err;
	return err->code;
}

int update_leave_to_person(struct update *update, int rc, struct error *err, const char *format,
			   ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	update->incomplete = true;
	report_problem(&update->report, text);
	/* Without memory the list is short, the result still right, and this was shown. */
	(void)!strings_add(&update->to_do, text);
	return error_set(err, rc, "%s", text);
}

static int allocate(struct update *update, struct error *err)
{
	const struct config *config = update->config;

	update->services = calloc(config->host.service_count + 1, sizeof(*update->services));
	update->snapshots = calloc(config->host.database_count + 1, sizeof(*update->snapshots));
	update->swaps = calloc(config->host.artifact_count + 1, sizeof(*update->swaps));
	if (update->services == NULL || update->snapshots == NULL || update->swaps == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < config->host.service_count; i++) {
		update->services[i].service = &config->host.services[i];
	}
	return 0;
}

int update_init(struct update *update, const struct options *options, struct error *err)
{
	struct report_options report = {options->json, options->quiet, options->verbose};

	*update = (struct update){
		.options = options,
		.helpers = HELPERS_INIT,
		.lock = LOCK_INIT,
		.verified = {.fd = -1},
	};
	report_init(&update->report, &report);
	int rc = config_load(options->config, options->root, &update->config, err);

	if (rc < 0) {
		return update_fail(update, RESULT_USAGE, err);
	}
	update->host = &update->config->host;
	rc = allocate(update, err);
	if (rc == 0) {
		rc = run_id_make(clock_wall(NULL), update->run, err);
	}
	return rc < 0 ? update_fail(update, RESULT_ERROR, err) : 0;
}

/* What the INI may ask for and this version cannot give is refused, never left out silently. */
static int check_abilities(const struct config *config, struct error *err)
{
	if (config->host.manager == MANAGER_SYSTEMD && config->host.service_count > 0) {
		return error_set(err, -ENOTSUP,
				 "%s: this version cannot drive systemd yet: set manager = command "
				 "in [update], with start, stop and pid_file for each service",
				 config->path);
	}
	return 0;
}

int update_prepare(struct update *update, struct error *err)
{
	const char *state_dir = update->config->state_dir;
	int rc = check_abilities(update->config, err);

	update->manager = service_manager_command();
	if (rc == 0) {
		rc = helpers_open(&update->helpers, err);
	}
	if (rc == 0) {
		rc = mirrors_open(update, err);
	}
	if (rc == 0) {
		rc = lock_take(state_dir, update->run, &update->lock, err);
	}
	if (rc == -EBUSY) {
		return update_fail(update, RESULT_BUSY, err);
	}
	if (rc == 0) {
		rc = journal_open(state_dir, NULL, &update->journal, err);
	}
	if ((rc == -EACCES || rc == -EPERM) && geteuid() != 0) {
		(void)error_prefix(err, "not root, and without the right to write");
	}
	if (rc == 0) {
		rc = update_check_unfinished(update, err);
	}
	if (rc == 0) {
		rc = update_find_installed(update, err);
	}
	return rc < 0 ? update_fail(update, RESULT_ERROR, err) : 0;
}

void update_conclude(struct update *update)
{
	struct error err;

	if (update->staging != NULL && staging_remove(update->staging, &err) < 0) {
		report_problem(&update->report, err.text);
	}
	if (update->journaled &&
	    journal_end(update->journal, update->run, result_word(update->result),
			update->failure.text[0] != '\0' ? update->failure.text : NULL, &err) < 0) {
		report_problem(&update->report, err.text);
	}
}

void update_finish(struct update *update)
{
	size_t databases = update->config != NULL ? update->host->database_count : 0;

	for (size_t i = 0; i < databases && update->snapshots != NULL; i++) {
		snapshot_finish(&update->snapshots[i]);
	}
	for (size_t i = 0; i < update->swap_count; i++) {
		swap_plan_finish(&update->swaps[i]);
	}
	free(update->services);
	free(update->snapshots);
	free(update->swaps);
	health_answer_finish(&update->baseline);
	preflight_report_finish(&update->preflight);
	pairs_finish(&update->subject);
	staged_list_finish(&update->staged);
	free(update->staging);
	verified_finish(&update->verified);
	release_finish(&update->release);
	fetcher_close(&update->fetcher);
	pairs_finish(&update->bad_mirrors);
	free(update->installed);
	strings_finish(&update->to_do);
	journal_close(&update->journal);
	lock_release(&update->lock);
	helpers_close(&update->helpers);
	config_free(update->config);
}

struct command_values update_values(const struct update *update)
{
	const struct config *config = update->config;

	return (struct command_values){
		.root = config->host.root,
		.stage = update->staging,
		.database =
			config->host.database_count == 1 ? config->host.databases[0].path : NULL,
		.version = update->release.version.text[0] != '\0' ? update->release.version.text
								   : NULL,
	};
}
