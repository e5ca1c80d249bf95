/*
 * exchange.c - stop, snapshot, swap and their ways back: the phases that change files.
 */
#include <errno.h>
#include <string.h>

#include "base/guard.h"
#include "update/update.h"

static struct service_context context_of(const struct command_values *values)
{
	return (struct service_context){.values = values};
}

int update_stop(struct update *update, struct error *err)
{
	struct command_values values = update_values(update);
	struct service_context context = context_of(&values);
	size_t stopped = 0;
	/* Once more: one may have been restarted since. */
	int rc = update_find_services(update, err);

	for (size_t i = update->config->service_count; i-- > 0 && rc == 0;) {
		struct service_run *run = &update->services[i];
		bool killed = false;

		if (run->before.pid == 0) {
			continue;
		}
		run->stopped = true;
		rc = update->manager->stop(&context, run->service, &killed, err);
		if (rc < 0) {
			return error_prefix(err, "service %s", run->service->name);
		}
		if (killed) {
			report_warning(&update->report,
				       "service %s did not stop in time and was killed",
				       run->service->name);
		}
		stopped++;
	}
	if (rc == 0) {
		report_detail(&update->report, "%zu service%s", stopped, stopped == 1 ? "" : "s");
	}
	return rc;
}

static int take_snapshot(struct update *update, size_t index, struct error *err)
{
	struct snapshot_hold *hold = NULL;
	int rc = snapshot_begin(&update->config->databases[index], update->run, &hold, err);

	return rc == 0 ? snapshot_complete(&hold, &update->snapshots[index], err) : rc;
}

int update_snapshot(struct update *update, struct error *err)
{
	for (size_t i = 0; i < update->config->database_count; i++) {
		const struct database *database = &update->config->databases[i];
		int rc = take_snapshot(update, i, err);

		if (rc < 0) {
			return error_prefix(err, "database %s", database->name);
		}
	}
	report_detail(&update->report, "%zu database%s", update->config->database_count,
		      update->config->database_count == 1 ? "" : "s");
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

static int restore_one(struct update *update, const struct snapshot *snapshot, struct error *err)
{
	auto_free char *failed = NULL;
	struct error why = {0};

	if (update->unstoppable) {
		return leave_database(update, snapshot, -EBUSY,
				      "the new release may still run on it", err);
	}
	int rc = snapshot_restore(snapshot, update->run, &failed, &why);

	if (rc < 0) {
		return leave_database(update, snapshot, rc, why.text, err);
	}
	if (failed != NULL) {
		report_warning(&update->report,
			       "database %s was put back; what the new release made of it is kept "
			       "in %s",
			       snapshot->database->name, failed);
	}
	return 0;
}

int update_restore_databases(struct update *update, struct error *err)
{
	int worst = 0;

	for (size_t i = 0; i < update->config->database_count; i++) {
		const struct snapshot *snapshot = &update->snapshots[i];
		/* Not taken: nothing was started on it. */
		int rc = snapshot->database == NULL ? 0 : restore_one(update, snapshot, err);

		worst = rc < 0 ? rc : worst;
	}
	return worst;
}

int update_plan_swaps(struct update *update, struct error *err)
{
	const struct config *config = update->config;

	for (size_t i = 0; i < config->artifact_count; i++) {
		const struct artifact *artifact = &config->artifacts[i];
		const struct staged *staged = staged_find(&update->staged, artifact->name);
		int rc = swap_plan(artifact, staged, &update->swaps[i], err);

		if (rc < 0) {
			return error_prefix(err, "artifact %s", artifact->name);
		}
		update->swap_count = i + 1;
	}
	return 0;
}

int update_swap(struct update *update, struct error *err)
{
	const struct config *config = update->config;

	for (size_t i = 0; i < update->swap_count; i++) {
		int rc = swap_forward(&update->swaps[i], err);

		if (rc < 0) {
			return error_prefix(err, "artifact %s", config->artifacts[i].name);
		}
	}
	report_detail(&update->report, "%zu file%s, the old ones kept as *.previous",
		      update->swap_count, update->swap_count == 1 ? "" : "s");
	return 0;
}

static int leave_file(struct update *update, const struct swap_plan *swap, int rc, const char *why,
		      struct error *err)
{
	const char *install = swap->artifact->install;

	if (!swap->existed) {
		return update_leave_to_person(update, rc, err,
					      "remove %s by hand, there was none before: %s",
					      install, why);
	}
	return update_leave_to_person(update, rc, err, "put %s back by hand, from %s: %s", install,
				      swap->backup, why);
}

static int swap_back_one(struct update *update, const struct swap_plan *swap, struct error *err)
{
	auto_free char *aside = NULL;
	struct error why = {0};

	/* New files fit the database that the new release goes on using. */
	if (update->unstoppable) {
		return leave_file(update, swap, -EBUSY, "the new release may still run", err);
	}
	int rc = swap_back(swap, &aside, &why);

	if (rc < 0) {
		return leave_file(update, swap, rc, why.text, err);
	}
	if (aside != NULL) {
		report_warning(&update->report,
			       "%s was neither the old nor the new file; it is kept as %s",
			       swap->artifact->install, aside);
	}
	return 0;
}

int update_swap_back(struct update *update, struct error *err)
{
	int worst = 0;

	for (size_t i = update->swap_count; i-- > 0;) {
		int rc = swap_back_one(update, &update->swaps[i], err);

		worst = rc < 0 ? rc : worst;
	}
	return worst;
}
