/*
 * recover.c - runs that were killed half-way, by SIGKILL or a power cut: from the journal alone.
 *
 * Not committed: the same way back as after a failure, from the last phase that was begun.
 * Committed: what was left to clean up. Both look at what is there, so that a recovery that is
 * itself killed is simply repeated.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/staging.h"
#include "update/bar.h"
#include "update/course.h"
#include "update/messages.h"
#include "update/phases.h"
#include "update/update.h"
#include "update/window.h"

/* So many back are looked at for what could not be removed at their end. */
#define TIDIED_RUNS 3

#define auto_update __attribute__((cleanup(update_finish)))

/* ---- one run ----------------------------------------------------------------------------------
 */

static char *copy_or_empty(const char *text)
{
	return text[0] != '\0' ? strdup(text) : NULL;
}

/* What a rollback has put there itself need not be kept. Whether it has cannot be told without the
 * plan of the run that it took back; then all is kept. */
static void recall_previous(struct update *run, const struct journal_entry *entry)
{
	struct error ignored;

	if (strcmp(entry->command, "rollback") == 0 && rollback_recall(run, &ignored) < 0) {
		plan_finish(&run->previous);
	}
}

/* Puts the struct in the state it had when the run was killed, as far as the journal knows. */
static int revive_run(struct update *run, const struct update *parent,
		      const struct journal_entry *entry, struct error *err)
{
	char boot[PLAN_BOOT_SIZE];

	run->product = strdup(entry->product);
	run->state_dir = strdup(parent->state_dir);
	run->installed = copy_or_empty(entry->from);
	if (run->product == NULL || run->state_dir == NULL ||
	    (entry->from[0] != '\0' && run->installed == NULL)) {
		return error_no_memory(err);
	}
	recall_previous(run, entry);
	(void)snprintf(run->release.version.text, sizeof(run->release.version.text), "%s",
		       entry->to);
	(void)snprintf(run->run, sizeof(run->run), "%s", entry->id);
	int rc = journal_read_plan(parent->journal, entry->id, &run->plan, err);

	rc = rc < 0 ? rc : update_allocate(run, err);
	rc = rc < 0 ? rc : window_prepare(run, !run->boot, err);
	if (rc < 0) {
		return rc;
	}
	plan_boot(boot);
	for (size_t i = 0; i < run->plan.host->service_count; i++) {
		struct service_run *service = &run->services[i];

		/* A pid of an earlier boot is nobody's. */
		if (strcmp(boot, run->plan.boot) != 0) {
			service->before->start_time = 0;
		}
		service->stopped = service->before->pid != 0;
		service->wanted = true;
	}
	return 0;
}

static void remove_staging(struct update *run)
{
	struct error err;

	if (run->plan.staging != NULL && staging_remove(run->plan.staging, &err) < 0) {
		report_problem(&run->report, err.text);
	}
}

static int finish_committed(struct update *run, struct error *err)
{
	report_phase_begin(&run->report, "clean-up");
	phases_clean_up(run);
	int rc = run->boot ? 0 : update_start_missing(run, err);

	if (rc < 0 && !run->recovers) {
		/* The next run may be what helps; a service that is down is for it to judge. */
		report_problem(&run->report, err->text);
		rc = 0;
	}
	if (rc < 0) {
		struct error why = *err;

		rc = update_leave_to_person(run, rc, err, "start it by hand: %s", why.text);
	}
	remove_staging(run);
	report_phase_end(&run->report, "clean-up", rc == 0 ? "ok" : "failed", 0);
	run->result = rc < 0 ? RESULT_ROLLBACK_INCOMPLETE : RESULT_UPDATED;
	return rc;
}

/* Who did not run before, and was started since, is about to be stopped with the others: then he
 * comes back with them. */
static void want_back(struct update *run)
{
	struct command_values values = update_values(run);
	struct service_context context = update_context(run, &values);
	struct error ignored;

	for (size_t i = 0; i < run->plan.host->service_count; i++) {
		struct service_run *service = &run->services[i];
		struct service_process now = {0};

		if (run->manager->find(&context, service->service, &now, &ignored) == 0 &&
		    now.pid != 0 && update_had_program(run, service->service)) {
			service->stopped = true;
		}
	}
}

static int go_back(struct update *run, const struct course *course, struct error *err)
{
	const struct phase *first = course_first_to_undo(course, run->boot);

	run->changed = true;
	if (!run->boot && first >= phase_find("start")) {
		want_back(run);
	}
	/* Nothing but these two ever let anybody write to a database. */
	if (course->reached < phase_find("restore")) {
		for (size_t i = 0; i < run->plan.host->database_count; i++) {
			run->plan.snapshots[i].database = NULL;
		}
	}
	phases_walk_back(run, first);
	if (run->incomplete) {
		return error_set(err, -EUCLEAN, "run %s could not be taken back completely",
				 run->run);
	}
	remove_staging(run);
	return 0;
}

static int restore_whole(struct update *run, const struct journal_entry *entry,
			 const struct course *course, struct error *err)
{
	return entry->committed_at[0] != '\0' ? finish_committed(run, err)
					      : go_back(run, course, err);
}

/* Where the run was about to unpack, as far as it came. */
static int remove_recorded_staging(struct update *update, const char *run, struct error *err)
{
	auto_pairs struct pairs facts = {0};
	int rc = journal_read_facts(update->journal, run, &facts, err);
	const char *path = rc == 0 ? pairs_get(&facts, "staging") : NULL;
	auto_free char *parent = path != NULL ? path_directory(path) : NULL;

	if (parent == NULL) {
		return path != NULL ? error_no_memory(err) : rc;
	}
	return access(parent, F_OK) == 0 ? staging_remove(path, err) : 0;
}

/* A run that got no further than its plan left nothing but directories of its own. */
static int forget(struct update *update, const struct journal_entry *entry, struct error *err)
{
	auto_plan struct plan plan = {0};
	int rc = remove_recorded_staging(update, entry->id, err);

	if (rc < 0) {
		return rc;
	}
	rc = journal_read_plan(update->journal, entry->id, &plan, err);
	size_t databases = rc == 0 ? plan.host->database_count : 0;

	for (size_t i = 0; i < databases && rc == 0; i++) {
		const struct database *database = &plan.host->databases[i];

		rc = snapshot_discard(database, entry->id, err);
		rc = rc < 0 ? rc : snapshot_reserve_release(database, entry->id, err);
	}
	if (rc < 0 && rc != -ENOENT) {
		return rc;
	}
	return journal_end(update->journal, entry->id, result_word(RESULT_ERROR),
			   "killed before anything was changed", err);
}

/* Hands what a run found over to the command that recovers. */
static int take_over(struct update *update, struct update *run, struct error *err)
{
	update->report = run->report;
	update->changed = true;
	update->incomplete = update->incomplete || run->incomplete;
	for (size_t i = 0; i < run->to_do.count; i++) {
		if (strings_add(&update->to_do, run->to_do.items[i]) < 0) {
			return error_no_memory(err);
		}
	}
	for (size_t i = 0; i < run->set_aside.count; i++) {
		if (strings_add(&update->set_aside, run->set_aside.items[i]) < 0) {
			return error_no_memory(err);
		}
	}
	return 0;
}

static void tell(struct update *update, const struct journal_entry *entry, bool open)
{
	if (entry->committed_at[0] != '\0') {
		(void)snprintf(update->recovered, sizeof(update->recovered),
			       "run %s was committed before it was killed: %s %s stays", entry->id,
			       entry->product, entry->to);
	} else {
		(void)snprintf(update->recovered, sizeof(update->recovered),
			       "run %s to %s was killed half-way and taken back: %s %s stays%s",
			       entry->id, entry->to, entry->product,
			       entry->from[0] != '\0' ? entry->from : "not installed",
			       open ? "; its services are looked at once the host is up" : "");
	}
	report_problem(&update->report, update->recovered);
	message_send(&(const struct message){
		.kind = MESSAGE_RECOVERED,
		.text = update->recovered,
		.product = entry->product,
		.run = entry->id,
		.from = entry->from,
		.to = entry->to,
	});
}

static int end_run(struct update *run, const struct journal_entry *entry, struct error *err)
{
	const char *why = entry->detail[0] != '\0' ? entry->detail : "killed half-way";

	return journal_end(run->journal, entry->id, result_word(run->result), why, err);
}

static int recover_entry(struct update *update, const struct journal_entry *entry,
			 const struct course *course, struct error *err)
{
	/* What is borrowed here goes back before run is finished. */
	auto_update struct update run = {
		.options = update->options,
		.report = update->report,
		.helpers = HELPERS_INIT,
		.lock = update->lock,
		.journal = update->journal,
		.journaled = true,
		.boot = update->boot,
		.recovers = update->recovers,
		.result = RESULT_ROLLBACK_INCOMPLETE,
		.verified = {.fd = -1},
		.interrupts = -1,
	};
	int rc = revive_run(&run, update, entry, err);
	bool is_open = update->boot && entry->committed_at[0] == '\0';

	if (rc == 0) {
		rc = restore_whole(&run, entry, course, err);
		/* Why it could not be made whole is worth more than what fails afterwards. */
		struct error later = {0};
		/* A committed one that is not up yet is tried again. */
		bool goes_on = is_open || (rc < 0 && entry->committed_at[0] != '\0');
		int ended = goes_on ? 0 : end_run(&run, entry, &later);
		int taken = take_over(update, &run, &later);

		if (rc == 0 && (ended < 0 || taken < 0)) {
			*err = later;
			rc = later.code;
		}
	}
	run.lock.fd = -1;
	run.journal = NULL;
	if (rc == 0) {
		tell(update, entry, is_open);
	}
	return rc;
}

static bool waives(const struct update *update)
{
	return update->options != NULL && strings_contain(&update->options->waived, "unfinished");
}

static int recover_one(struct update *update, const struct journal_entry *entry, struct error *err)
{
	struct course course = {0};

	if (waives(update)) {
		return journal_end(update->journal, entry->id, result_word(RESULT_ERROR),
				   "killed half-way; waived by a later run", err);
	}
	int rc = course_read(update->journal, entry->id, &course, err);

	if (rc == -ENOTSUP) {
		struct error why = *err;

		return update_leave_to_person(update, rc, err, "%s", why.text);
	}
	if (rc < 0) {
		return rc;
	}
	if (course.reached == NULL && entry->committed_at[0] == '\0') {
		return forget(update, entry, err);
	}
	return recover_entry(update, entry, &course, err);
}

/* Names that only a run in progress uses; there is none. */
static int remove_swap_names(struct update *update, const char *run, struct error *err)
{
	auto_plan struct plan plan = {0};
	int rc = journal_read_plan(update->journal, run, &plan, err);

	if (rc < 0) {
		return rc == -ENOENT ? 0 : rc;
	}
	for (size_t i = 0; i < plan.host->artifact_count && rc == 0; i++) {
		rc = plan.swaps[i].artifact != NULL ? swap_commit(&plan.swaps[i], err) : 0;
	}
	return rc;
}

/* What runs that are over could not remove at their end, because a disk was full or broken then. It
 * is in nobody's way, so that what cannot be removed now, either, is only told. */
static void tidy(struct update *update)
{
	auto_journal_entries struct journal_entries entries = {0};
	struct error err;
	int rc = journal_runs(update->journal, TIDIED_RUNS, &entries, &err);

	for (size_t i = 0; i < entries.count && rc == 0; i++) {
		if (entries.items[i].ended_at[0] != '\0') {
			rc = remove_recorded_staging(update, entries.items[i].id, &err);
			rc = rc < 0 ? rc : remove_swap_names(update, entries.items[i].id, &err);
		}
	}
	if (rc < 0) {
		report_problem(&update->report, err.text);
	}
}

int update_recover(struct update *update, struct error *err)
{
	auto_journal_entries struct journal_entries entries = {0};
	int rc = journal_unfinished(update->journal, &entries, err);

	for (size_t i = 0; i < entries.count && rc == 0; i++) {
		rc = recover_one(update, &entries.items[i], err);
		if (rc == 0) {
			bar_lift(update, entries.items[i].product);
		} else if (update->boot) {
			bar_services(update, &entries.items[i], err);
		}
	}
	if (rc < 0 && update->incomplete) {
		update->result = RESULT_ROLLBACK_INCOMPLETE;
	}
	if (rc == 0) {
		tidy(update);
	}
	return rc;
}

/* ---- for those that only ask ------------------------------------------------------------------
 */

static int judge(struct update *update, const struct journal_entry *entry, struct error *err)
{
	struct course course = {0};
	int rc = course_read(update->journal, entry->id, &course, err);

	if (rc < 0 || entry->committed_at[0] != '\0' || course.reached == NULL) {
		return rc;
	}
	/* Without the lock nobody knows whether it still runs. */
	if (update->lock.fd < 0) {
		return error_set(err, -EBUSY, "run %s is in the phase %s, or was killed there",
				 entry->id, course.reached->name);
	}
	return error_set(err, -EUCLEAN,
			 "run %s, from %s to %s, did not end: it was killed in the phase %s, and "
			 "what is installed may be half of each; banger-update recover makes it "
			 "whole",
			 entry->id, entry->from[0] != '\0' ? entry->from : "nothing", entry->to,
			 course.reached->name);
}

int update_check_unfinished(struct update *update, struct error *err)
{
	auto_journal_entries struct journal_entries entries = {0};

	if (update->journal == NULL) {
		return 0;
	}
	int rc = journal_unfinished(update->journal, &entries, err);

	for (size_t i = 0; i < entries.count && rc == 0; i++) {
		rc = judge(update, &entries.items[i], err);
	}
	return rc;
}
