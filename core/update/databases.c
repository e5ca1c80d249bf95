/*
 * databases.c - snapshots begun while the daemon runs, completed after its stop, and put back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "update/update.h"

static int record(struct update *update, size_t index, const struct snapshot *planned,
		  struct error *err)
{
	return update->journaled
		       ? journal_plan_snapshot(update->journal, update->run, index, planned, err)
		       : 0;
}

/* The plugins have judged the schema that there was when they were asked. */
static int compare(struct update *update, size_t index, struct error *err)
{
	const char *now = snapshot_planned(update->holds[index])->fingerprint;
	const char *judged = index < update->judged.count ? update->judged.items[index] : "";

	if (now == NULL || judged[0] == '\0' || strcmp(now, judged) == 0) {
		return 0;
	}
	update->result = RESULT_BUSY;
	return error_set(err, -EAGAIN,
			 "its schema was changed since the plugins were asked about it: try again");
}

int update_look_at_schemas(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	strings_finish(&update->judged);
	for (size_t i = 0; i < host->database_count; i++) {
		auto_free char *fingerprint = NULL;
		struct error ignored;

		/* What cannot be looked at now, plugins and the snapshot have to tell. */
		if (snapshot_fingerprint(&host->databases[i], &fingerprint, &ignored) < 0) {
			fingerprint = NULL;
		}
		if (strings_add(&update->judged, fingerprint != NULL ? fingerprint : "") < 0) {
			return error_no_memory(err);
		}
	}
	return 0;
}

static int begin_one(struct update *update, size_t index, struct error *err)
{
	int rc = snapshot_begin(&update->plan.host->databases[index], update->run,
				&update->holds[index], err);

	rc = rc < 0 ? rc : compare(update, index, err);
	return rc < 0 ? rc : record(update, index, snapshot_planned(update->holds[index]), err);
}

int update_snapshot(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	for (size_t i = 0; i < host->database_count; i++) {
		int rc = begin_one(update, i, err);

		/* What is damaged already would be blamed on the new release. */
		update->result = rc == -EUCLEAN ? RESULT_REFUSED : update->result;
		if (rc < 0) {
			return error_prefix(err, "database %s", host->databases[i].name);
		}
	}
	report_detail(&update->report, "%zu database%s, %s", host->database_count,
		      host->database_count == 1 ? "" : "s",
		      host->database_count == 0 ? "nothing to keep"
						: snapshot_planned(update->holds[0])->way);
	return 0;
}

/* Nobody may write any more, so that what is kept is the last word of the old release. */
int update_complete(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	for (size_t i = 0; i < host->database_count; i++) {
		struct snapshot *snapshot = &update->plan.snapshots[i];
		int rc = snapshot_complete(&update->holds[i], snapshot, err);

		rc = rc < 0 ? rc : record(update, i, snapshot, err);
		if (rc < 0) {
			return error_prefix(err, "database %s", host->databases[i].name);
		}
	}
	report_detail(&update->report, "%zu database%s", host->database_count,
		      host->database_count == 1 ? "" : "s");
	return 0;
}

/* How a database is put back by hand: a stale WAL would be replayed into the old file. */
static int leave_database(struct update *update, const struct snapshot *snapshot, int rc,
			  const char *why, struct error *err)
{
	const char *name = snapshot->database->name;
	const char *path = snapshot->database->path;

	if (!snapshot->existed) {
		return update_leave_to_person(update, rc, err,
					      "move database %s away by hand, %s with its -wal and "
					      "-journal: there was none before: %s",
					      name, path, why);
	}
	return update_leave_to_person(update, rc, err,
				      "put database %s back by hand: keep a copy of %s and of its "
				      "-wal, remove its -wal, -shm and -journal, and copy %s over "
				      "it: %s",
				      name, path, snapshot->path, why);
}

/* What a rollback, which is now taken back itself, had set aside of the database; NULL: nothing. */
static char *find_kept(const struct update *update, const struct database *database)
{
	bool is_rollback = update->previous.host != NULL;
	auto_free char *name = is_rollback ? snapshot_kept_name(database->path, update->run) : NULL;

	return name != NULL && access(name, F_OK) == 0 ? take_pointer(&name) : NULL;
}

/* found, failed: names of what is kept, or NULL. */
static void tell_restored(struct update *update, const struct database *database, const char *found,
			  const char *failed)
{
	const char *culprit =
		update->previous.host != NULL ? update->release.version.text : "the new release";

	if (found != NULL) {
		report_warning(&update->report,
			       "database %s was put back as the rollback had found it: %s holds "
			       "the same",
			       database->name, found);
	}
	if (failed != NULL) {
		report_warning(&update->report,
			       "database %s was put back; what %s made of it is kept in %s",
			       database->name, culprit, failed);
	}
}

static int restore_one(struct update *update, const struct snapshot *snapshot, struct error *err)
{
	const struct snapshot *previous = update_previous_snapshot(update, snapshot->database);
	auto_free char *found = find_kept(update, snapshot->database);
	auto_free char *failed = NULL;
	struct error why = {0};

	if (update->unstoppable) {
		return leave_database(update, snapshot, -EBUSY,
				      "the new release may still run on it", err);
	}
	int rc = snapshot_restore(snapshot, update->run, previous != NULL ? previous->path : NULL,
				  &failed, &why);

	if (rc < 0) {
		return leave_database(update, snapshot, rc, why.text, err);
	}
	tell_restored(update, snapshot->database, found, failed);
	return failed != NULL && strings_add(&update->set_aside, failed) < 0 ? error_no_memory(err)
									     : 0;
}

int update_restore_databases(struct update *update, struct error *err)
{
	int worst = 0;

	for (size_t i = 0; i < update->plan.host->database_count; i++) {
		const struct snapshot *snapshot = &update->plan.snapshots[i];
		/* Not completed: nothing was started on it. */
		int rc = snapshot->database == NULL ? 0 : restore_one(update, snapshot, err);

		worst = rc < 0 ? rc : worst;
	}
	return worst;
}

static int add_runs(const struct journal_entries *entries, struct strings *ret, struct error *err)
{
	for (size_t i = 0; i < entries->count; i++) {
		const char *id = entries->items[i].id;

		if (!strings_contain(ret, id) && strings_add(ret, id) < 0) {
			return error_no_memory(err);
		}
	}
	return 0;
}

/* The one that a rollback goes back to before those that failed since. The others by the journal's
 * order: a clock may have been set back, and a second may see two runs. */
static int list_runs(struct update *update, struct strings *ret, struct error *err)
{
	auto_journal_entries struct journal_entries last = {0};
	auto_journal_entries struct journal_entries entries = {0};
	int rc = journal_last_commit(update->journal, &last, err);

	rc = rc < 0 ? rc : journal_runs(update->journal, SIZE_MAX, &entries, err);
	rc = rc < 0 ? rc : add_runs(&last, ret, err);
	return rc < 0 ? rc : add_runs(&entries, ret, err);
}

static void prune(struct update *update, const struct database *database)
{
	auto_strings struct strings runs = {0};
	struct error err;

	if (snapshot_reserve_release(database, update->run, &err) < 0 ||
	    list_runs(update, &runs, &err) < 0 ||
	    snapshot_prune(database, &runs, update->plan.keep_snapshots, &err) < 0) {
		report_problem(&update->report, err.text);
	}
}

/* The last step back. What is needed for a way back that is not done yet stays. */
int update_discard_snapshots(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;
	int worst = 0;

	for (size_t i = 0; i < host->database_count; i++) {
		snapshot_abandon(&update->holds[i]);
		if (update->incomplete) {
			continue;
		}
		int rc = snapshot_discard(&host->databases[i], update->run, err);

		if (rc < 0) {
			report_problem(&update->report, err->text);
			worst = rc;
			continue;
		}
		prune(update, &host->databases[i]);
	}
	return worst;
}

/* After the commit, with the daemon running: one file each, and no more than are wanted. */
void update_keep_snapshots(struct update *update)
{
	const struct host *host = update->plan.host;
	struct error err;

	for (size_t i = 0; i < host->database_count; i++) {
		const struct snapshot *snapshot = &update->plan.snapshots[i];

		if (snapshot->database != NULL && snapshot->existed &&
		    snapshot_finalize(snapshot, &err) < 0) {
			report_problem(&update->report, err.text);
		}
		prune(update, &host->databases[i]);
	}
}
