/*
 * window.c - window.h: in front of service/systemd.h.
 */
#include "update/window.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "service/systemd.h"
#include "update/command.h"

/* Dependents have no section that could say how long they take. */
#define DEPENDENT_TIMEOUT_MS 90000

#define OURSELVES "/proc/self/exe"

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

/* Before anything is replaced. */
static int find_program(struct update *update, struct error *err)
{
	char self[PATH_MAX];
	ssize_t length = readlink(OURSELVES, self, sizeof(self) - 1);

	if (length < 0) {
		return error_set(err, -errno, "cannot find our own program: %s", strerror(errno));
	}
	self[length] = '\0';
	free(update->program);
	update->program = strdup(self);
	return update->program != NULL ? 0 : error_no_memory(err);
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

	rc = rc < 0 ? rc : find_program(update, err);
	if (rc < 0 || !stops) {
		return rc;
	}
	return systemd_leave_units(update->systemd, host->services, host->service_count,
				   update->run, err);
}

static bool leads_to_us(const char *path)
{
	struct stat ours;
	struct stat there;

	return stat(OURSELVES, &ours) == 0 && stat(path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* A run may replace the updater itself: then the file that we execute lies beside its successor,
 * which is not known to work. */
static const char *own_name(const struct update *update)
{
	for (size_t i = 0; i < update->plan.host->artifact_count; i++) {
		const struct swap_plan *swap = &update->plan.swaps[i];

		if (swap->artifact != NULL && swap->existed && leads_to_us(swap->backup)) {
			return swap->backup;
		}
	}
	return update->program;
}

/* The program that waits in the window. If this one dies, it restores files and databases before
 * anybody may start. */
static int hold_with_recovery(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;
	const char *const argv[] = {
		own_name(update), "recover",         "--boot", "--standby",
		"--state",        update->state_dir, NULL,
	};

	return systemd_close_window(update->systemd, update->product, host->services,
				    host->service_count, argv, err);
}

int window_check(struct update *update, struct error *err)
{
	const struct host *host = update->plan.host;
	size_t count = 0;

	if (!is_ours(update)) {
		return 0;
	}
	/* Borrowed: what does not run is not stopped, and takes nobody with it. */
	auto_free struct service *running = calloc(host->service_count + 1, sizeof(*running));

	if (running == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < host->service_count; i++) {
		if (update->services[i].before->pid != 0) {
			running[count++] = host->services[i];
		}
	}
	return systemd_check_dependents(update->systemd, running, count, err);
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

/* Those that are sockets, or the others; all of them although one fails. */
static int start_dependents(struct update *update, bool sockets, struct error *err)
{
	const struct strings *units = &update->plan.dependents;
	int worst = 0;

	for (size_t i = 0; i < units->count && is_ours(update); i++) {
		struct error one;

		if (text_has_suffix(units->items[i], ".socket") != sockets ||
		    !update_has_unit(update, units->items[i])) {
			continue;
		}
		int rc = systemd_start_dependent(update->systemd, units->items[i],
						 DEPENDENT_TIMEOUT_MS, &one);

		if (rc < 0 && worst == 0) {
			*err = one;
			worst = rc;
		}
	}
	return worst;
}

int window_open(struct update *update, struct error *err)
{
	if (!is_ours(update)) {
		return 0;
	}
	int rc = changes_units(update) ? systemd_reload(update->systemd, err) : 0;

	if (rc < 0) {
		return rc;
	}
	systemd_open_window(update->systemd);
	return 0;
}

int window_start_sockets(struct update *update, struct error *err)
{
	return start_dependents(update, true, err);
}

int window_start_dependents(struct update *update, struct error *err)
{
	return start_dependents(update, false, err);
}

bool window_host_stops(struct update *update)
{
	return is_ours(update) && systemd_is_stopping(update->systemd);
}
