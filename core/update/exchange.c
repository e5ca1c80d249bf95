/*
 * exchange.c - stop and swap and their ways back: the phases that change services and files.
 */
#include <errno.h>
#include <string.h>

#include "base/guard.h"
#include "update/update.h"
#include "update/window.h"

/* Between the plan and the stop a service may have been started or restarted. */
static int find_again(struct update *update, struct error *err)
{
	for (size_t i = 0; i < update->plan.host->service_count; i++) {
		struct service_run *run = &update->services[i];
		struct service_process planned = *run->before;
		int rc = update_find_service(update, run, err);

		if (rc < 0) {
			return rc;
		}
		if (update->journaled && planned.pid != run->before->pid) {
			rc = journal_plan_service(update->journal, update->run, i, run->before,
						  err);
		}
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int stop_one(struct update *update, struct service_run *run, struct error *err)
{
	struct command_values values = update_values(update);
	struct service_context context = update_context(update, &values);
	bool killed = false;

	int rc = update->manager->stop(&context, run->service, &killed, err);

	if (rc < 0) {
		return error_prefix(err, "service %s", run->service->name);
	}
	if (killed) {
		report_warning(&update->report, "service %s did not stop in time and was killed",
			       run->service->name);
	}
	return 0;
}

/* Before the first stop, since it may take others down that require it. */
static void want_back(struct update *update)
{
	for (size_t i = 0; i < update->plan.host->service_count; i++) {
		struct service_run *run = &update->services[i];

		run->stopped = run->stopped || run->before->pid != 0;
		run->wanted = run->wanted || run->before->pid != 0;
	}
}

int update_stop(struct update *update, struct error *err)
{
	size_t stopped = 0;
	int rc = window_close(update, err);

	rc = rc < 0 ? rc : find_again(update, err);
	if (rc == 0) {
		want_back(update);
	}
	for (size_t i = update->plan.host->service_count; i-- > 0 && rc == 0;) {
		if (update->services[i].before->pid != 0) {
			rc = stop_one(update, &update->services[i], err);
			stopped++;
		}
	}
	if (rc == 0) {
		report_detail(&update->report, "%zu service%s", stopped, stopped == 1 ? "" : "s");
	}
	return rc;
}

int update_plan_swaps(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	for (size_t i = 0; i < host->artifact_count; i++) {
		const struct artifact *artifact = &host->artifacts[i];
		const struct staged *staged = staged_find(&update->staged, artifact->name);
		int rc = swap_plan(artifact, staged, &update->plan.swaps[i], err);

		if (rc < 0) {
			return error_prefix(err, "artifact %s", artifact->name);
		}
	}
	return 0;
}

int update_swap(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	for (size_t i = 0; i < host->artifact_count; i++) {
		int rc = swap_forward(&update->plan.swaps[i], err);

		if (rc < 0) {
			return error_prefix(err, "artifact %s", host->artifacts[i].name);
		}
	}
	report_detail(&update->report, "%zu file%s, the old ones kept as *.previous",
		      host->artifact_count, host->artifact_count == 1 ? "" : "s");
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

	for (size_t i = update->plan.host->artifact_count; i-- > 0;) {
		int rc = swap_back_one(update, &update->plan.swaps[i], err);

		worst = rc < 0 ? rc : worst;
	}
	return worst;
}
