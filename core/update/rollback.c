/*
 * rollback.c - back to the previous release, long after it was left: an update whose files come
 * from NAME.previous instead of a tarball, and whose trust from the journal's hashes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "install/staging.h"
#include "update/phases.h"
#include "update/previous.h"
#include "update/update.h"

/* How long a person may think, with the lock taken. */
#define CONFIRM_MS      120000
#define CONFIRM_STEP_MS 100

/* ---- previous: which release, and is it still there whole? ------------------------------------
 */

static int check_backup(const struct swap_plan *swap, const char *version, struct error *err)
{
	struct digest real;

	if (!swap->existed) {
		return 0;
	}
	int rc = digest_path(swap->backup, &real, err);

	if (rc < 0) {
		return error_prefix(err, "%s cannot be put back", version);
	}
	if (memcmp(&real, &swap->old_digest, sizeof(real)) != 0) {
		return error_set(err, -EBADMSG,
				 "%s is not the file that %s had here: install that release with "
				 "`update --to %s` instead",
				 swap->backup, version, version);
	}
	return 0;
}

static int check_backups(const struct update *update, struct error *err)
{
	const struct plan *previous = &update->previous;
	const char *version = update->release.version.text;
	int rc = previous_check_artifacts(previous, update->plan.host, version, err);

	for (size_t i = 0; rc == 0 && i < previous->host->artifact_count; i++) {
		rc = check_backup(&previous->swaps[i], version, err);
	}
	return rc;
}

/* What the journal knows of that version's migrations, for the plugins. */
static int recall_facts(struct update *update, struct error *err)
{
	auto_free char *run = NULL;
	auto_pairs struct pairs facts = {0};
	int rc = journal_run_of_version(update->journal, update->release.version.text, &run, err);

	if (rc == -ENOENT) {
		return 0;
	}
	rc = rc < 0 ? rc : journal_read_facts(update->journal, run, &facts, err);
	for (size_t i = 0; i < facts.count && rc == 0; i++) {
		const struct pair *fact = &facts.items[i];

		if (text_has_prefix(fact->key, "release.") &&
		    pairs_set(&update->subject, fact->key, fact->value) < 0) {
			rc = error_no_memory(err);
		}
	}
	return rc;
}

/* Services that ran before the update are to run again, also those that its release has killed. */
static void want_services(struct update *update)
{
	const struct plan *previous = &update->previous;
	const struct host *host = update->plan.host;

	for (size_t i = 0; i < host->service_count; i++) {
		for (size_t k = 0; k < previous->host->service_count; k++) {
			if (previous->before[k].pid != 0 &&
			    strcmp(previous->host->services[k].name, host->services[i].name) == 0) {
				update->services[i].wanted = true;
			}
		}
	}
}

/* A rollback that takes the database back with it must be able to bring it forth again, whether or
 * not its schema differs. */
static void guard_databases(struct update *update)
{
	struct host *host = &update->config->host;

	for (size_t i = 0; update->options->with_database && i < host->database_count; i++) {
		host->databases[i].on_rollback = ROLLBACK_ALWAYS;
	}
}

/* All go back, or all stay; then who is not in the configuration any more is nobody's to judge. */
static int check_databases(struct update *update, struct error *err)
{
	const struct plan *previous = &update->previous;
	const char *version = update->release.version.text;
	const struct database *dropped = NULL;
	size_t index = 0;

	if (update->options->with_database) {
		return previous_check_databases(previous, update->plan.host, version, err);
	}
	while ((dropped = previous_dropped_database(previous, update->plan.host, &index)) != NULL) {
		report_warning(&update->report,
			       "database %s (%s) was one of those of that update and is not in the "
			       "configuration any more: it stays as it is, and no plugin is asked "
			       "whether %s knows what is in it",
			       dropped->name, dropped->path, version);
	}
	return 0;
}

static int begin_rollback(struct update *update, struct error *err)
{
	const struct journal_run run = {
		.id = update->run,
		.product = update->product,
		.command = "rollback",
		.from = update->installed,
		.to = update->release.version.text,
	};

	if (!update->records) {
		return 0;
	}
	int rc = journal_begin(update->journal, &run, err);

	update->journaled = rc == 0;
	return rc;
}

int rollback_recall(struct update *update, struct error *err)
{
	auto_journal_entries struct journal_entries last = {0};
	int rc = journal_last_commit(update->journal, &last, err);

	if (rc < 0) {
		return rc;
	}
	if (last.count == 0 || last.items[0].from[0] == '\0') {
		return error_set(err, -ENOENT,
				 "there is nothing to go back to: the updater has not replaced any "
				 "release of %s yet",
				 update->product);
	}
	rc = version_parse(last.items[0].from, &update->release.version, err);
	rc = rc < 0 ? rc
		    : journal_read_plan(update->journal, last.items[0].id, &update->previous, err);
	return rc;
}

int rollback_find(struct update *update, struct error *err)
{
	if (update->altered) {
		return previous_is_unknown(err);
	}
	int rc = rollback_recall(update, err);

	rc = rc < 0 ? rc : check_backups(update, err);
	rc = rc < 0 ? rc : check_databases(update, err);
	rc = rc < 0 ? rc : recall_facts(update, err);
	if (rc < 0) {
		return rc;
	}
	want_services(update);
	guard_databases(update);
	report_detail(&update->report, "%s (installed: %s)", update->release.version.text,
		      update->installed != NULL ? update->installed : "nothing");
	return begin_rollback(update, err);
}

/* ---- bring: copies in the staging directory, since a swap moves what it installs ---------------
 */

static int copy_verified(const char *from, const char *to, const struct digest *expected,
			 struct error *err)
{
	auto_close int source = file_open(from, err);
	struct digest real;

	if (source < 0) {
		return source;
	}
	auto_close int target = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	if (target < 0) {
		return error_set(err, -errno, "cannot create %s: %s", to, strerror(errno));
	}
	int rc = file_copy(source, target, from, err);

	rc = rc < 0 ? rc : digest_fd(target, to, &real, NULL, err);
	if (rc == 0 && memcmp(&real, expected, sizeof(real)) != 0) {
		rc = error_set(err, -EBADMSG, "%s changed while it was copied", from);
	}
	return rc < 0 ? rc : file_sync(target, to, err);
}

static int bring_one(struct update *update, const struct swap_plan *swap, struct error *err)
{
	const char *name = swap->artifact->name;
	struct staged *staged = &update->staged.items[update->staged.count];

	staged->digest = swap->old_digest;
	staged->path = path_join(update->plan.staging, name);
	staged->name = strdup(name);
	update->staged.count++;
	if (staged->path == NULL || staged->name == NULL) {
		return error_no_memory(err);
	}
	return copy_verified(swap->backup, staged->path, &swap->old_digest, err);
}

int rollback_bring(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;
	size_t removed = 0;
	int rc = update_make_staging(update, err);

	update->staged.items = calloc(host->artifact_count + 1, sizeof(*update->staged.items));
	if (rc == 0 && update->staged.items == NULL) {
		rc = error_no_memory(err);
	}
	for (size_t i = 0; i < host->artifact_count && rc == 0; i++) {
		const struct swap_plan *swap =
			previous_swap(&update->previous, host->artifacts[i].install);

		if (swap->existed) {
			rc = bring_one(update, swap, err);
		} else {
			removed++;
		}
	}
	if (rc == 0) {
		report_detail(&update->report, "%zu file%s from *.previous%s", update->staged.count,
			      update->staged.count == 1 ? "" : "s",
			      removed > 0 ? ", others are removed" : "");
	}
	return rc;
}

/* ---- databases that go back with it ------------------------------------------------------------
 */

const struct snapshot *update_previous_snapshot(const struct update *update,
						const struct database *database)
{
	return previous_snapshot(&update->previous, database->path);
}

const char *update_database_path(const struct update *update, size_t index)
{
	const struct database *database = &update->plan.host->databases[index];
	const struct snapshot *snapshot = update->options != NULL && update->options->with_database
						  ? update_previous_snapshot(update, database)
						  : NULL;

	return snapshot != NULL && snapshot->existed ? snapshot->path : database->path;
}

int rollback_restore(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;
	size_t restored = 0;

	for (size_t i = 0; update->options->with_database && i < host->database_count; i++) {
		const struct snapshot *kept = NULL;
		auto_free char *aside = NULL;
		int rc = previous_need_snapshot(&update->previous, &host->databases[i],
						update->release.version.text, &kept, err);

		if (rc < 0) {
			return rc;
		}
		struct snapshot snapshot = *kept;

		snapshot.database = &host->databases[i];
		rc = snapshot_restore(&snapshot, update->run, NULL, &aside, err);
		if (rc < 0) {
			return rc; /* names the database */
		}
		if (aside != NULL) {
			report_warning(&update->report, "what database %s held is kept in %s",
				       host->databases[i].name, aside);
			rc = strings_add(&update->set_aside, aside);
		}
		if (rc < 0) {
			return error_no_memory(err);
		}
		restored++;
	}
	report_detail(&update->report,
		      restored > 0 ? "%zu database%s as before the update" : "databases stay",
		      restored, restored == 1 ? "" : "s");
	return 0;
}

/* ---- confirm -----------------------------------------------------------------------------------
 */

/* One line of a terminal, waited for with a bound; true: it begins with y. */
static bool read_yes(void)
{
	uint64_t deadline = clock_deadline(CONFIRM_MS);
	char answer = '\0';

	while (clock_left(deadline) > 0 && !phases_are_interrupted()) {
		struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};

		if (poll(&ready, 1, CONFIRM_STEP_MS) > 0) {
			return read(STDIN_FILENO, &answer, 1) == 1 &&
			       (answer == 'y' || answer == 'Y');
		}
	}
	return false;
}

int rollback_confirm(struct update *update, struct error *err)
{
	const struct options *options = update->options;

	if (options->yes) {
		report_detail(&update->report, "--yes");
		return 0;
	}
	(void)fprintf(stderr, "\n%s %s will be replaced by %s. %s\nGo on? [y/N] ", update->product,
		      update->installed != NULL ? update->installed : "",
		      update->release.version.text,
		      options->with_database
			      ? "Its databases go back to what they were before that update; what "
				"they hold now is kept beside them as NAME.failed-RUN."
			      : "Its databases stay as they are.");
	(void)fflush(stderr);
	return read_yes() ? 0 : error_set(err, -ECANCELED, "not confirmed");
}
