/*
 * runners.c - runners.h: a walk through /proc. A process is signalled only through a pidfd that was
 * opened before its file was looked at.
 */
#include "service/runners.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/text.h"
#include "service/pidfile.h"

#define ENDED_MAX     256
#define KILL_GRACE_MS 5000

static bool executes(pid_t pid, const struct stat *file)
{
	struct stat running;
	char exe[32];

	(void)snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	return stat(exe, &running) == 0 && running.st_dev == file->st_dev &&
	       running.st_ino == file->st_ino;
}

/* 0: none. */
static int find(const struct stat *file, pid_t *ret, struct error *err)
{
	auto_directory DIR *processes = opendir("/proc");

	if (processes == NULL) {
		return error_set(err, -errno, "cannot list processes: %s", strerror(errno));
	}
	*ret = 0;
	for (const struct dirent *entry = readdir(processes); entry != NULL;
	     entry = readdir(processes)) {
		uint64_t pid = 0;

		if (text_parse_u64(entry->d_name, &pid) == 0 && pid <= INT32_MAX &&
		    (pid_t)pid != getpid() && executes((pid_t)pid, file)) {
			*ret = (pid_t)pid;
			break;
		}
	}
	return 0;
}

static int look_at(const char *path, struct stat *ret, struct error *err)
{
	return stat(path, ret) == 0
		       ? 0
		       : error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
}

int runners_find(const char *path, pid_t *ret, struct error *err)
{
	struct stat file;
	int rc = look_at(path, &file, err);

	return rc == 0 ? find(&file, ret, err) : rc;
}

static int end_one(pid_t pid, const struct stat *file, uint64_t deadline, struct error *err)
{
	auto_close int pidfd = pidfd_open(pid, 0);

	/* Gone, or not the one that was found any more. */
	if (pidfd < 0 || !executes(pid, file)) {
		return 0;
	}
	(void)pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
	if (pidfile_await_end(pidfd, deadline) == 0) {
		return 0;
	}
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	if (pidfile_await_end(pidfd, clock_deadline(KILL_GRACE_MS)) < 0) {
		return error_set(err, -ETIMEDOUT, "process %d did not end even when killed", pid);
	}
	return 0;
}

int runners_end(const char *path, uint64_t timeout_ms, size_t *ret_ended, struct error *err)
{
	uint64_t deadline = clock_deadline(timeout_ms);
	struct stat file;
	int rc = look_at(path, &file, err);

	for (size_t ended = 0; rc == 0 && ended < ENDED_MAX; ended++) {
		pid_t pid = 0;

		rc = find(&file, &pid, err);
		if (rc == 0 && pid == 0) {
			*ret_ended = ended;
			return 0;
		}
		if (rc == 0) {
			rc = end_one(pid, &file, deadline, err);
		}
	}
	return rc < 0 ? rc : error_set(err, -EBUSY, "%s is executed by ever new processes", path);
}
