/*
 * loop.c - loop.h.
 */
#include "crash/loop.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/world_parts.h"

#define PATIENCE_MS 10000

/* The smallest that mkfs accepts with room to spare; they are sparse. */
static const struct {
	const char *type;
	const char *size;
	const char *mkfs[4];
} types[] = {
	{"ext4", "64M", {"/sbin/mkfs.ext4", "-q", "-F", NULL}},
	{"xfs", "320M", {"/sbin/mkfs.xfs", "-q", "-f", NULL}},
	{"btrfs", "160M", {"/sbin/mkfs.btrfs", "-q", "-f", NULL}},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static size_t type_index(const char *type)
{
	size_t i = 0;

	while (i < TYPES && strcmp(types[i].type, type) != 0) {
		i++;
	}
	must(i < TYPES);
	return i;
}

static bool kernel_knows(const char *type)
{
	char *list = scratch_read("/proc/filesystems");
	bool known = strstr(list, type) != NULL;

	free(list);
	return known;
}

const char *loop_missing(const char *type)
{
	if (geteuid() != 0) {
		return "only root may mount file systems";
	}
	if (access("/dev/loop-control", R_OK | W_OK) < 0) {
		return "there are no loop devices";
	}
	if (access(types[type_index(type)].mkfs[0], X_OK) < 0) {
		return "there is no mkfs for it";
	}
	return kernel_knows(type) ? NULL : "this kernel does not know it";
}

const char *loop_own_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		return "no mount namespace of our own";
	}
	return NULL;
}

void loop_make(const char *type, const char *size, const char *image)
{
	size_t index = type_index(type);
	const char *const *mkfs = types[index].mkfs;

	run_or_fail((const char *const[]){"/usr/bin/truncate", "-s",
					  size != NULL ? size : types[index].size, image, NULL});
	run_or_fail((const char *const[]){mkfs[0], mkfs[1], mkfs[2], image, NULL});
}

/* A loop device whose file is below the store still exists: the unmount is not over. */
static bool is_attached(const char *image)
{
	DIR *devices = opendir("/sys/block");
	bool attached = false;

	must(devices != NULL);
	for (const struct dirent *entry = readdir(devices); entry != NULL && !attached;
	     entry = readdir(devices)) {
		char path[320];
		char text[512] = "";

		(void)snprintf(path, sizeof(path), "/sys/block/%s/loop/backing_file",
			       entry->d_name);
		FILE *file = strncmp(entry->d_name, "loop", 4) == 0 ? fopen(path, "re") : NULL;

		if (file != NULL) {
			attached = fgets(text, sizeof(text), file) != NULL &&
				   strncmp(text, image, strlen(image)) == 0;
			(void)fclose(file);
		}
	}
	(void)closedir(devices);
	return attached;
}

void loop_mount(const char *type, const char *image, const char *where)
{
	/* A btrfs copy has the identity of its original, which is gone by then. */
	run_or_fail(
		(const char *const[]){"/bin/mount", "-t", type, "-o", "loop", image, where, NULL});
}

void loop_let_go(const char *where)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);

	while (umount(where) < 0) {
		cr_assert_eq(errno, EBUSY, "cannot unmount %s: %s", where, strerror(errno));
		cr_assert_gt(clock_left(deadline), 0, "%s stays busy", where);
		(void)usleep(1000);
	}
}

void loop_unmount(const char *image, const char *where)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);

	loop_let_go(where);
	while (is_attached(image)) {
		cr_assert_gt(clock_left(deadline), 0, "%s stays attached", image);
		(void)usleep(1000);
	}
}
