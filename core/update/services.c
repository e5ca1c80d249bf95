/*
 * services.c - who runs each service, by its pid file and by the file that processes execute: a pid
 * file may be wrong, and then a daemon would stay behind on a database that is about to change.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "service/runners.h"
#include "service/systemd.h"
#include "update/update.h"

/* A command of the same file, a monitor's perhaps, may run for a moment. */
#define STRANGER_PATIENCE_MS 1000
#define STRANGER_POLL_MS     50

const char *update_binary_path(const struct update *update, const struct service *service)
{
	for (size_t i = 0; i < update->plan.host->artifact_count; i++) {
		const struct artifact *artifact = &update->plan.host->artifacts[i];

		if (service->binary != NULL && strcmp(artifact->name, service->binary) == 0) {
			return artifact->install;
		}
	}
	return NULL;
}

struct service_context update_context(const struct update *update,
				      const struct command_values *values)
{
	return (struct service_context){
		.values = values,
		.lock_fd = update->lock.fd,
		.systemd = update->systemd,
	};
}

int update_find_service(struct update *update, struct service_run *run, struct error *err)
{
	struct command_values values = update_values(update);
	struct service_context context = update_context(update, &values);
	int rc = update->manager->find(&context, run->service, run->before, err);

	return rc < 0 ? error_prefix(err, "service %s", run->service->name) : 0;
}

int update_find_services(struct update *update, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < update->plan.host->service_count && rc == 0; i++) {
		rc = update_find_service(update, &update->services[i], err);
	}
	return rc;
}

/* A process that goes on executing path; 0: there is none. */
static int find_stranger(const char *path, pid_t *ret, struct error *err)
{
	uint64_t deadline = clock_deadline(STRANGER_PATIENCE_MS);

	for (;;) {
		int rc = runners_find(path, ret, err);
		int left = clock_left(deadline);

		if (rc < 0 || *ret == 0 || left == 0) {
			return rc == -ENOENT ? 0 : rc;
		}
		(void)poll(NULL, 0, left < STRANGER_POLL_MS ? left : STRANGER_POLL_MS);
	}
}

static int check_stopped_one(struct update *update, const struct service *service,
			     struct error *err)
{
	const char *path = update_binary_path(update, service);
	pid_t pid = 0;
	int rc = path == NULL ? 0 : find_stranger(path, &pid, err);

	if (rc < 0 || pid == 0) {
		return rc;
	}
	update->result = RESULT_BUSY;
	if (service->pid_file == NULL) {
		return error_set(err, -EBUSY,
				 "service %s does not run, but process %d executes %s: stop the "
				 "process, or pass --waive services when it is none of this "
				 "service's",
				 service->name, pid, path);
	}
	return error_set(
		err, -EBUSY,
		"service %s does not run by its pid_file %s, but process %d executes %s: "
		"correct pid_file or stop the process, or pass --waive services when it is "
		"none of this service's",
		service->name, service->pid_file, pid, path);
}

int update_check_stopped(struct update *update, struct error *err)
{
	int rc = 0;

	if (options_waive(update->options, "services")) {
		return 0;
	}
	for (size_t i = 0; i < update->plan.host->service_count && rc == 0; i++) {
		if (update->services[i].before->pid == 0) {
			rc = check_stopped_one(update, update->services[i].service, err);
		}
	}
	return rc;
}

static const struct swap_plan *find_swap(const struct update *update, const char *path)
{
	for (size_t i = 0; update->plan.swaps != NULL && i < update->plan.host->artifact_count;
	     i++) {
		const struct swap_plan *swap = &update->plan.swaps[i];

		if (swap->artifact != NULL && strcmp(swap->artifact->install, path) == 0) {
			return swap;
		}
	}
	return NULL;
}

/* Not replaced yet: who executes it is none of the new release. */
static bool is_old(const struct update *update, const char *path)
{
	const struct swap_plan *swap = find_swap(update, path);
	struct stat st;

	return swap != NULL && swap->existed && stat(path, &st) == 0 &&
	       st.st_ino == swap->old_inode;
}

/* NAME@INSTANCE.service comes from NAME@.service (systemd.unit(5)). */
static bool is_file_of(const char *path, const char *unit)
{
	const char *file = path_name(path);
	const char *at = strchr(unit, '@');
	const char *suffix = strrchr(unit, '.');

	if (!host_is_unit_file(path) || suffix == NULL) {
		return false;
	}
	size_t stem = at != NULL && at < suffix ? (size_t)(at + 1 - unit) : 0;

	return strcmp(file, unit) == 0 ||
	       (stem > 0 && strncmp(file, unit, stem) == 0 && strcmp(file + stem, suffix) == 0);
}

bool update_installs_unit(const struct update *update, const char *name)
{
	const struct host *host = update->plan.host;

	for (size_t i = 0; i < host->artifact_count; i++) {
		if (is_file_of(host->artifacts[i].install, name)) {
			return true;
		}
	}
	return false;
}

static bool removes_unit(const struct update *update, const char *name)
{
	for (size_t i = 0; update->plan.swaps != NULL && i < update->plan.host->artifact_count;
	     i++) {
		const struct swap_plan *swap = &update->plan.swaps[i];

		if (swap->artifact != NULL && swap->removes &&
		    is_file_of(swap->artifact->install, name)) {
			return true;
		}
	}
	return false;
}

bool update_has_unit(const struct update *update, const char *name)
{
	/* What was removed may have hidden another of the same name. */
	return !removes_unit(update, name) ||
	       (update->systemd != NULL && systemd_has_unit(update->systemd, name));
}

bool update_has_program(const struct update *update, const struct service *service)
{
	const char *path = update_binary_path(update, service);
	const struct swap_plan *swap = path != NULL ? find_swap(update, path) : NULL;

	return (swap == NULL || !swap->removes) && update_has_unit(update, service->name);
}

bool update_had_program(const struct update *update, const struct service *service)
{
	const char *path = update_binary_path(update, service);

	for (size_t i = 0; i < update->plan.host->artifact_count; i++) {
		const char *install = update->plan.host->artifacts[i].install;
		bool is_its = (path != NULL && strcmp(install, path) == 0) ||
			      is_file_of(install, service->name);

		if (is_its && !update->plan.swaps[i].existed) {
			return false;
		}
	}
	return true;
}

int update_end_leftovers(struct update *update, const struct service *service, struct error *err)
{
	const char *path = update_binary_path(update, service);
	size_t ended = 0;

	if (path == NULL || service->keeps_children || is_old(update, path)) {
		return 0;
	}
	int rc = runners_end(path, service->stop_timeout_ms, &ended, err);

	/* A release that has no such program. */
	rc = rc == -ENOENT ? 0 : rc;
	if (rc == 0 && ended > 0) {
		report_warning(&update->report,
			       "%zu process%s of the new release, not named by the pid file of %s, "
			       "had to be ended",
			       ended, ended == 1 ? "" : "es", service->name);
	}
	return rc;
}
