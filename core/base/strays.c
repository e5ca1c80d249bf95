/*
 * strays.c - strays.h: our children and theirs, as proc(5) lists them; stopped first, then killed.
 *
 * Killed one after the other, some would fork in the places of those that are gone, without end.
 */
#include "base/strays.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

#define ROUNDS     64
#define KILL_MS    200
#define LIST_BYTES (64u * KIB)
#define OURSELVES  "self"

/* Adds the children of one thread, as text: "12 345 ". */
static void read_thread(const char *process, const char *thread, struct buffer *list)
{
	char path[300];
	struct error ignored;

	(void)snprintf(path, sizeof(path), "/proc/%s/task/%s/children", process, thread);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && file_read(fd, path, list, &ignored) < 0) {
		return;
	}
}

static void list_children(const char *process, struct buffer *list)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%s/task", process);
	auto_directory DIR *threads = opendir(path);

	if (threads == NULL) {
		return;
	}
	for (const struct dirent *one = readdir(threads); one != NULL; one = readdir(threads)) {
		if (one->d_name[0] != '.') {
			read_thread(process, one->d_name, list);
		}
	}
}

/* The next number in *at, 0 at the end. */
static pid_t next_pid(char **at)
{
	return (pid_t)strtol(*at, at, 10);
}

static int remember(struct strays *strays)
{
	auto_buffer struct buffer list = BUFFER_INIT(LIST_BYTES);

	list_children(OURSELVES, &list);
	/* A number and its blank take two bytes at least. */
	strays->known = calloc(list.length / 2 + 1, sizeof(*strays->known));
	if (strays->known == NULL) {
		return -ENOMEM;
	}
	char *at = list.data;

	for (pid_t pid = at != NULL ? next_pid(&at) : 0; pid > 0; pid = next_pid(&at)) {
		strays->known[strays->known_count++] = pid;
	}
	return 0;
}

int strays_begin(struct strays *ret, struct error *err)
{
	struct strays strays = {0};

	if (remember(&strays) < 0) {
		return error_no_memory(err);
	}
	if (prctl(PR_GET_CHILD_SUBREAPER, &strays.was_reaper) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		free(strays.known);
		return error_set(err, -errno, "cannot become the reaper of orphans: %s",
				 strerror(errno));
	}
	*ret = strays;
	return 0;
}

static bool is_known(const struct strays *strays, pid_t pid)
{
	for (size_t i = 0; i < strays->known_count; i++) {
		if (strays->known[i] == pid) {
			return true;
		}
	}
	return false;
}

/* All below us but the known, parents before their children. */
struct herd {
	pid_t *pids;
	size_t count;
};

static bool has(const struct herd *herd, pid_t pid)
{
	for (size_t i = 0; i < herd->count; i++) {
		if (herd->pids[i] == pid) {
			return true;
		}
	}
	return false;
}

/* Stops it and remembers it. Who is stopped neither forks nor waits for its children, so that their
 * numbers stay theirs. */
static bool stop(struct herd *herd, pid_t pid)
{
	pid_t *pids = realloc(herd->pids, (herd->count + 1) * sizeof(*pids));

	if (pids == NULL) {
		return false;
	}
	herd->pids = pids;
	herd->pids[herd->count++] = pid;
	(void)kill(pid, SIGSTOP);
	return true;
}

/* Stops the children of this process that are not stopped yet. */
static void stop_children(const struct strays *strays, const char *process, struct herd *herd)
{
	auto_buffer struct buffer list = BUFFER_INIT(LIST_BYTES);

	list_children(process, &list);
	char *at = list.data;

	for (pid_t pid = at != NULL ? next_pid(&at) : 0; pid > 0; pid = next_pid(&at)) {
		if (!is_known(strays, pid) && !has(herd, pid) && !stop(herd, pid)) {
			return;
		}
	}
}

/* Whoever is stopped still counts against what its user may have (RLIMIT_NPROC). However fast they
 * multiply, one pass therefore finds nobody new. */
static void stop_all(const struct strays *strays, struct herd *herd)
{
	size_t before = 0;

	do {
		before = herd->count;
		stop_children(strays, OURSELVES, herd);
		for (size_t i = 0; i < herd->count; i++) {
			char process[16];

			(void)snprintf(process, sizeof(process), "%d", (int)herd->pids[i]);
			stop_children(strays, process, herd);
		}
	} while (herd->count > before);
}

static void reap(pid_t pid)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd wait = {.fd = pidfd, .events = POLLIN};

	if (pidfd >= 0 && poll(&wait, 1, KILL_MS) > 0) {
		(void)waitpid(pid, NULL, WNOHANG);
	}
}

/* Ends all who are there; the number of them. Children before their parents: the kernel wakes who
 * is stopped in a group that the end of a parent orphans. Once it is reaped, its own come to us,
 * which is why the list is walked forwards then. */
static size_t end_round(const struct strays *strays)
{
	struct herd herd = {0};

	stop_all(strays, &herd);
	for (size_t i = herd.count; i-- > 0;) {
		(void)kill(herd.pids[i], SIGKILL);
	}
	for (size_t i = 0; i < herd.count; i++) {
		reap(herd.pids[i]);
	}
	free(herd.pids);
	return herd.count;
}

void strays_end(struct strays *strays)
{
	for (int round = 0; round < ROUNDS && end_round(strays) > 0; round++) {
	}
	strays_keep(strays);
}

void strays_keep(struct strays *strays)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, strays->was_reaper);
	free(strays->known);
	*strays = (struct strays){0};
}
