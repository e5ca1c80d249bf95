/*
 * landlock.c - landlock.h by its system calls.
 */
#include "release/fetch/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/guard.h"

/* include/uapi/linux/landlock.h; the numbers are the same on every architecture but alpha. */
#define CALL_CREATE_RULESET 444L
#define CALL_ADD_RULE       445L
#define CALL_RESTRICT_SELF  446L

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1

#define ACCESS_READ_FILE ((uint64_t)1 << 2)
#define ACCESS_READ_DIR  ((uint64_t)1 << 3)
#define ACCESS_BIND_TCP  ((uint64_t)1 << 0)
#define SCOPE_ALL        ((uint64_t)3) /* abstract sockets, signals */

struct ruleset {
	uint64_t access_fs;
	uint64_t access_net; /* from version 4 */
	uint64_t scoped;     /* from version 6 */
};

struct path_beneath {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

/* How many rights of files each version knows, from the lowest bit. */
static const unsigned fs_rights[] = {0, 13, 14, 15, 15, 16};

#define VERSIONS (sizeof(fs_rights) / sizeof(fs_rights[0]))

static uint64_t all_fs_rights(int version)
{
	size_t known = (size_t)version < VERSIONS ? (size_t)version : VERSIONS - 1;

	return ((uint64_t)1 << fs_rights[known]) - 1;
}

int landlock_version(void)
{
	long version = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

static int make_ruleset(int version)
{
	struct ruleset rules = {
		.access_fs = all_fs_rights(version),
		.access_net = version >= 4 ? ACCESS_BIND_TCP : 0,
		.scoped = version >= 6 ? SCOPE_ALL : 0,
	};
	size_t size = version >= 6   ? sizeof(rules)
		      : version >= 4 ? offsetof(struct ruleset, scoped)
				     : offsetof(struct ruleset, access_net);
	long fd = syscall(CALL_CREATE_RULESET, &rules, size, 0);

	return fd < 0 ? -errno : (int)fd;
}

/* A path that is not there needs no right. */
static int allow(int ruleset, const char *path)
{
	struct path_beneath rule = {.access = ACCESS_READ_FILE};
	auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return 0;
	}
	rule.access |= S_ISDIR(st.st_mode) ? ACCESS_READ_DIR : 0;
	rule.parent = fd;
	return syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

int landlock_read_only(const char *const *paths, struct error *err)
{
	int version = landlock_version();

	if (version == 0) {
		return 0;
	}
	auto_close int ruleset = make_ruleset(version);
	int rc = ruleset < 0 ? ruleset : 0;

	for (; rc == 0 && *paths != NULL; paths++) {
		rc = allow(ruleset, *paths);
	}
	if (rc == 0 && syscall(CALL_RESTRICT_SELF, ruleset, 0) < 0) {
		rc = -errno;
	}
	return rc < 0 ? error_set(err, rc, "Landlock refuses: %s", strerror(-rc)) : version;
}
