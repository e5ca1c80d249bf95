/*
 * update.c - update.h: a run made ready, concluded and given back.
 */
#include "update/update.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "install/staging.h"
#include "service/systemd.h"
#include "update/mirrors.h"
#include "update/phases.h"
#include "update/window.h"

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

int update_allocate(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	update->services = calloc(host->service_count + 1, sizeof(*update->services));
	update->holds = calloc(host->database_count + 1, sizeof(struct snapshot_hold *));
	if (update->services == NULL || update->holds == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < host->service_count; i++) {
		update->services[i].service = &host->services[i];
		update->services[i].before = &update->plan.before[i];
	}
	return 0;
}

/* What of the configuration the plan is about. */
static int adopt(struct update *update, struct error *err)
{
	const struct config *config = update->config;

	update->plan.host = &config->host;
	update->plan.keep_snapshots = config->keep_snapshots;
	plan_boot(update->plan.boot);
	update->product = strdup(config->product);
	update->state_dir = strdup(config->state_dir);
	if (update->product == NULL || update->state_dir == NULL ||
	    plan_allocate(&update->plan) < 0) {
		return error_no_memory(err);
	}
	return update_allocate(update, err);
}

void update_init_bare(struct update *update, const struct options *options)
{
	struct report_options report = {options->json, options->quiet, options->verbose};

	*update = (struct update){
		.options = options,
		.helpers = HELPERS_INIT,
		.lock = LOCK_INIT,
		.verified = {.fd = -1},
		.interrupts = -1,
	};
	report_init(&update->report, &report);
}

int update_init(struct update *update, const struct options *options, struct error *err)
{
	update_init_bare(update, options);
	int rc = config_load(options->config, options->root, &update->config, err);

	if (rc < 0) {
		return update_fail(update, RESULT_USAGE, err);
	}
	rc = adopt(update, err);
	if (rc == 0) {
		rc = run_id_make(clock_wall(NULL), update->run, err);
	}
	return rc < 0 ? update_fail(update, RESULT_ERROR, err) : 0;
}

/* They are never taken, so the descriptor stays readable from the first one on. */
static int watch_interrupts(struct update *update, struct error *err)
{
	sigset_t interrupts = phases_interrupts();

	update->interrupts = signalfd(-1, &interrupts, SFD_CLOEXEC | SFD_NONBLOCK);
	return update->interrupts >= 0
		       ? 0
		       : error_set(err, -errno, "cannot watch for signals: %s", strerror(errno));
}

int update_lock(struct update *update, struct error *err)
{
	int rc = lock_take(update->state_dir, update->run[0] != '\0' ? update->run : "recovery",
			   &update->lock, err);

	rc = rc < 0 ? rc : journal_open(update->state_dir, NULL, &update->journal, err);
	if ((rc == -EACCES || rc == -EPERM) && geteuid() != 0) {
		(void)error_prefix(err, "not root, and without the right to write");
	}
	return rc;
}

/* Before anything else is looked at: what a killed run left half-way says nothing true. */
static int settle_earlier_runs(struct update *update, struct error *err)
{
	int rc = update->records ? update_recover(update, err)
				 : update_check_unfinished(update, err);

	return rc < 0 && update->incomplete ? update_fail(update, RESULT_ROLLBACK_INCOMPLETE, err)
					    : rc;
}

int update_prepare(struct update *update, struct error *err)
{
	int rc = window_prepare(update, update->records, err);

	rc = rc < 0 ? rc : watch_interrupts(update, err);
	rc = rc < 0 ? rc : helpers_open(&update->helpers, err);
	rc = rc < 0 ? rc : mirrors_open(update, err);
	rc = rc < 0 ? rc : update_lock(update, err);
	if (rc == -EBUSY) {
		return update_fail(update, RESULT_BUSY, err);
	}
	rc = rc < 0 ? rc : settle_earlier_runs(update, err);
	if (rc < 0 && update->result == RESULT_ROLLBACK_INCOMPLETE) {
		return rc;
	}
	rc = rc < 0 ? rc : update_find_installed(update, err);
	return rc < 0 ? update_fail(update, RESULT_ERROR, err) : 0;
}

/* What a rollback to this release will want to know about it. */
static int record_facts(struct update *update, struct error *err)
{
	auto_pairs struct pairs facts = {0};

	for (size_t i = 0; i < update->subject.count; i++) {
		const struct pair *pair = &update->subject.items[i];

		if (text_has_prefix(pair->key, "release.") &&
		    pairs_set(&facts, pair->key, pair->value) < 0) {
			return error_no_memory(err);
		}
	}
	return journal_facts(update->journal, update->run, &facts, err);
}

int update_record_plan(struct update *update, struct error *err)
{
	if (!update->journaled) {
		return 0;
	}
	int rc = record_facts(update, err);

	return rc < 0 ? rc : journal_plan(update->journal, update->run, &update->plan, err);
}

void update_conclude(struct update *update)
{
	struct error err;

	if (update->plan.staging != NULL && staging_remove(update->plan.staging, &err) < 0) {
		report_problem(&update->report, err.text);
	}
	if (update->journaled && !update->left_open &&
	    journal_end(update->journal, update->run, result_word(update->result),
			update->failure.text[0] != '\0' ? update->failure.text : NULL, &err) < 0) {
		report_problem(&update->report, err.text);
	}
}

void update_finish(struct update *update)
{
	for (size_t i = 0; update->holds != NULL && i < update->plan.host->database_count; i++) {
		snapshot_abandon(&update->holds[i]);
	}
	free(update->holds);
	free(update->services);
	strings_finish(&update->judged);
	strings_finish(&update->set_aside);
	plan_finish(&update->plan);
	plan_finish(&update->previous);
	preflight_report_finish(&update->preflight);
	pairs_finish(&update->subject);
	staged_list_finish(&update->staged);
	verified_finish(&update->verified);
	release_finish(&update->release);
	fetcher_close(&update->fetcher);
	pairs_finish(&update->bad_mirrors);
	free(update->installed);
	strings_finish(&update->to_do);
	journal_close(&update->journal);
	lock_release(&update->lock);
	systemd_free(&update->systemd);
	helpers_close(&update->helpers);
	free(update->product);
	free(update->state_dir);
	free(update->program);
	guard_close(&update->interrupts);
	config_free(update->config);
}

struct command_values update_values(const struct update *update)
{
	const struct host *host = update->plan.host;

	return (struct command_values){
		.root = host->root,
		.stage = update->plan.staging,
		.database = host->database_count == 1 ? host->databases[0].path : NULL,
		.version = update->release.version.text[0] != '\0' ? update->release.version.text
								   : NULL,
	};
}
