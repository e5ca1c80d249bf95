/*
 * identity.c - manager.h's service_identify(): is the new binary what runs?
 *
 * /proc/PID/exe leads to the file that was executed, also when its name was given to another one
 * since; only device and inode tell.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/process.h"
#include "service/manager.h"

/* Between fork(2) and execve(2) a process runs its starter's file. start-stop-daemon --make-pidfile
 * and `daemon & echo $!` name it in the pid file then already. */
#define EXEC_PATIENCE_MS 2000
#define EXEC_POLL_MS     20

static int check_binary(const struct service *service, const char *binary_path,
			const struct service_process *process, struct error *err)
{
	struct stat installed;
	struct stat running;
	uint64_t start_time = 0;
	char exe[32];

	(void)snprintf(exe, sizeof(exe), "/proc/%d/exe", process->pid);
	if (stat(binary_path, &installed) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", binary_path,
				 strerror(errno));
	}
	int rc = stat(exe, &running) < 0 ? -errno : 0;

	/* Whose file was that, if the process ended meanwhile? */
	if (process_start_time(process->pid, &start_time) < 0 ||
	    start_time != process->start_time) {
		return error_set(err, -ESRCH, "%s ended while it was looked at", service->name);
	}
	if (rc < 0) {
		return error_set(err, rc, "cannot see what process %d of %s runs: %s", process->pid,
				 service->name, strerror(-rc));
	}
	if (running.st_dev != installed.st_dev || running.st_ino != installed.st_ino) {
		return error_set(err, -EXDEV, "process %d of %s does not run %s but another file",
				 process->pid, service->name, binary_path);
	}
	return 0;
}

/* One look at who runs, and what. */
static int identify(const struct service_manager *manager, const struct service_context *context,
		    const struct service *service, const char *binary_path,
		    const struct service_process *before, struct service_process *ret,
		    struct error *err)
{
	struct service_process process;
	int rc = manager->find(context, service, &process, err);

	if (rc < 0) {
		return rc;
	}
	if (process.pid == 0) {
		return error_set(err, -ESRCH, "%s is not running", service->name);
	}
	if (before != NULL && before->pid == process.pid &&
	    before->start_time == process.start_time) {
		return error_set(err, -EEXIST, "%s was not restarted: it is still process %d",
				 service->name, process.pid);
	}
	if (service->binary != NULL && binary_path != NULL) {
		rc = check_binary(service, binary_path, &process, err);
	}
	if (rc == 0) {
		*ret = process;
	}
	return rc;
}

int service_identify(const struct service_manager *manager, const struct service_context *context,
		     const struct service *service, const char *binary_path,
		     const struct service_process *before, struct service_process *ret,
		     struct error *err)
{
	uint64_t deadline = clock_deadline(EXEC_PATIENCE_MS);

	for (;;) {
		int rc = identify(manager, context, service, binary_path, before, ret, err);
		int left = clock_left(deadline);

		if (rc != -EXDEV || left == 0) {
			return rc;
		}
		(void)poll(NULL, 0, left < EXEC_POLL_MS ? left : EXEC_POLL_MS);
	}
}
