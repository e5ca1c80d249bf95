/*
 * janitor.c - janitor DIRECTORY CGROUP...: waits until the process that started it is no more, then
 * ends whoever is in the groups, and removes them and DIRECTORY.
 *
 * A test that fails does not run its .fini, and one that hangs is killed: a machine must not
 * outlive them. The directory is empty then, since what it shows is mounted for the test alone.
 * (Removed earlier, it would take these mounts off half-way: a loop device whose image lies in what
 * is taken off with it is never released.)
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/types.h>
#include <unistd.h>

#define PATH_SIZE   4096
#define ROUNDS      2000
#define PAUSE_US    5000
#define MAX_DEPTH   16
#define FIRST_GROUP 2
#define OURS        "/banger-test-"

/* Sends SIGKILL to everybody listed in the group itself. */
static void end_members(const char *group)
{
	char path[PATH_SIZE];
	long pid = 0;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	FILE *file = fopen(path, "re");

	while (file != NULL && fscanf(file, "%ld", &pid) == 1) {
		/* 0 is somebody of another PID namespace, whom we cannot name. */
		if (pid > 1) {
			(void)kill((pid_t)pid, SIGKILL);
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
}

/* Ends the members of the group and all below it, and removes what is empty. */
static void sweep(const char *group, int depth)
{
	DIR *stream = depth < MAX_DEPTH ? opendir(group) : NULL;

	if (stream == NULL) {
		return;
	}
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		char path[PATH_SIZE];

		if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", group, entry->d_name);
			sweep(path, depth + 1);
		}
	}
	(void)closedir(stream);
	end_members(group);
	(void)rmdir(group);
}

/* True once there is none of them. */
static int are_gone(int count, char **groups)
{
	for (int i = 0; i < count; i++) {
		if (access(groups[i], F_OK) == 0) {
			return 0;
		}
	}
	return 1;
}

/* Groups of tests, and no other, are emptied. */
static int are_ours(int count, char **groups)
{
	for (int i = 0; i < count; i++) {
		const char *name = strrchr(groups[i], '/');

		if (name == NULL || strncmp(name, OURS, strlen(OURS)) != 0) {
			return 0;
		}
	}
	return 1;
}

static void wait_for_end(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	while (poll(&ended, 1, -1) < 0 && errno == EINTR) {
	}
}

int main(int argc, char **argv)
{
	int test = pidfd_open(getppid(), 0);

	if (test < 0 || argc < FIRST_GROUP + 1 ||
	    !are_ours(argc - FIRST_GROUP, argv + FIRST_GROUP)) {
		(void)fputs("usage: janitor DIRECTORY CGROUP...\n", stderr);
		return 64;
	}
	/* Nobody's child, so that who ends the test with all its children leaves us. */
	if (fork() != 0) {
		return 0;
	}
	wait_for_end(test);
	for (int i = 0; i < ROUNDS && !are_gone(argc - FIRST_GROUP, argv + FIRST_GROUP); i++) {
		for (int j = FIRST_GROUP; j < argc; j++) {
			sweep(argv[j], 0);
		}
		(void)usleep(PAUSE_US);
	}
	for (int i = 0; i < ROUNDS && rmdir(argv[1]) < 0 && errno == EBUSY; i++) {
		(void)usleep(PAUSE_US);
	}
	return 0;
}
