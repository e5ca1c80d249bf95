/*
 * window.c - window.h: in front of service/systemd.h.
 */
#include "update/window.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "service/systemd.h"
#include "update/command.h"

/* Dependents have no section that could say how long they take. */
#define DEPENDENT_TIMEOUT_MS 90000

static bool is_ours(const struct update *update)
{
	return update->systemd != NULL && update->plan.host->service_count > 0;
}

static int check_root(const struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	if (host->root == NULL || host->root[0] == '\0') {
		return 0;
	}
	return error_set(err, -ENOTSUP,
			 "the services below --root %s cannot be told from this host's: with "
			 "--root set manager = command, or leave the services out",
			 host->root);
}

int window_prepare(struct update *update, bool stops, struct error *err)
{
	const struct host *host = update->plan.host;

	update->manager = service_manager(host->manager);
	if (host->manager != MANAGER_SYSTEMD || host->service_count == 0) {
		return 0;
	}
	update->systemd = systemd_new();
	if (update->systemd == NULL) {
		return error_no_memory(err);
	}
	int rc = check_root(update, err);

	if (rc < 0 || !stops) {
		return rc;
	}
	return systemd_leave_units(update->systemd, host->services, host->service_count,
				   update->run, err);
}

/* The program that waits in the window. If this one dies, it restores files and databases before
 * anybody may start. */
static int hold_with_recovery(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0) {
		return error_set(err, -errno, "cannot find our own program: %s", strerror(errno));
	}
	self[length] = '\0';
	const char *const argv[] = {
		self, "recover", "--boot", "--standby", "--state", update->state_dir, NULL,
	};

	return systemd_close_window(update->systemd, update->product, host->services,
				    host->service_count, argv, err);
}

int window_close(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;

	if (!is_ours(update)) {
		return 0;
	}
	systemd_inhibit_shutdown(update->systemd, "An update has stopped services");
	int rc = hold_with_recovery(update, err);

	rc = rc < 0 ? rc
		    : systemd_dependents(update->systemd, host->services, host->service_count,
					 &update->plan.dependents, err);
	if (rc < 0 || !update->journaled) {
		return rc;
	}
	return journal_plan_dependents(update->journal, update->run, &update->plan.dependents, err);
}

int window_close_again(struct update *update, struct error *err)
{
	return is_ours(update) ? hold_with_recovery(update, err) : 0;
}

/* systemd reads a unit again only when it is told to. */
static bool changes_units(const struct update *update)
{
	for (size_t i = 0; i < update->plan.host->artifact_count; i++) {
		const struct swap_plan *swap = &update->plan.swaps[i];

		if (swap->artifact != NULL && host_is_unit_file(swap->artifact->install) &&
		    (!swap->existed || swap->removes ||
		     memcmp(&swap->old_digest, &swap->new_digest, sizeof(swap->old_digest)) != 0)) {
			return true;
		}
	}
	return false;
}

int window_open(struct update *update, struct error *err)
{
	if (!is_ours(update)) {
		return 0;
	}
	int rc = changes_units(update) ? systemd_reload(update->systemd, err) : 0;

	if (rc == 0) {
		systemd_open_window(update->systemd);
	}
	return rc;
}

int window_start_dependents(struct update *update, struct error *err)
{
	const struct strings *units = &update->plan.dependents;
	int worst = 0;

	for (size_t i = 0; i < units->count && is_ours(update); i++) {
		struct error one;
		int rc = systemd_start_dependent(update->systemd, units->items[i],
						 DEPENDENT_TIMEOUT_MS, &one);

		if (rc < 0 && worst == 0) {
			*err = one;
			worst = rc;
		}
	}
	return worst;
}

bool window_host_stops(struct update *update)
{
	return is_ours(update) && systemd_is_stopping(update->systemd);
}
