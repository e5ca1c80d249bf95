/*
 * strays.c - strays.h: our children, as proc(5) lists them.
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

/* Each round ends all that are there; their own children come to us in the next. */
#define ROUNDS     64
#define KILL_MS    200
#define LIST_BYTES (64u * KIB)

/* Adds the children of one of our threads, as text: "12 345 ". */
static void read_thread(const char *thread, struct buffer *list)
{
	char path[300];
	struct error ignored;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%s/children", thread);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && file_read(fd, path, list, &ignored) < 0) {
		return;
	}
}

static void list_children(struct buffer *list)
{
	DIR *threads = opendir("/proc/self/task");

	if (threads == NULL) {
		return;
	}
	for (const struct dirent *one = readdir(threads); one != NULL; one = readdir(threads)) {
		if (one->d_name[0] != '.') {
			read_thread(one->d_name, list);
		}
	}
	(void)closedir(threads);
}

/* The next number in *at, 0 at the end. */
static pid_t next_pid(char **at)
{
	return (pid_t)strtol(*at, at, 10);
}

static int remember(struct strays *strays)
{
	auto_buffer struct buffer list = BUFFER_INIT(LIST_BYTES);

	list_children(&list);
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

static void end_one(pid_t pid)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd wait = {.fd = pidfd, .events = POLLIN};

	(void)kill(pid, SIGKILL);
	if (pidfd >= 0 && poll(&wait, 1, KILL_MS) > 0) {
		(void)waitpid(pid, NULL, WNOHANG);
	}
}

/* Ends who is there now; the number of them. */
static size_t end_round(const struct strays *strays)
{
	auto_buffer struct buffer list = BUFFER_INIT(LIST_BYTES);
	size_t count = 0;

	list_children(&list);
	char *at = list.data;

	for (pid_t pid = at != NULL ? next_pid(&at) : 0; pid > 0; pid = next_pid(&at)) {
		if (!is_known(strays, pid)) {
			end_one(pid);
			count++;
		}
	}
	return count;
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
