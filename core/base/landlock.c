/*
 * landlock.c - landlock.h: a ruleset that handles nearly everything, with no rule or with few.
 *
 * The structure and its bits are our own: the kernel's headers of an older host know fewer than the
 * kernel that runs.
 */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/guard.h"

/* LANDLOCK_ACCESS_NET_CONNECT_TCP of ABI 4. */
#define LANDLOCK_CONNECT_TCP 2u

/* What a rule for a file that is no directory may have: execute, read and write; truncate and
 * ioctl, of ABI 3 and 5. */
#define OF_A_FILE (7u | 1u << 14 | 1u << 15)

/* struct landlock_ruleset_attr as of ABI 6. A kernel that knows less of it accepts zeros there. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

/* From which ABI on each group of rights exists; linux/landlock.h has the bits. */
static const struct right {
	int abi;
	struct ruleset adds;
} rights[] = {
	{1, {.files = (1u << 13) - 1}}, /* execute, read, write, make, remove */
	{2, {.files = 1u << 13}},       /* refer */
	{3, {.files = 1u << 14}},       /* truncate */
	{4, {.network = 3}},            /* bind and connect TCP */
	{5, {.files = 1u << 15}},       /* ioctl on devices */
	{6, {.scoped = 3}},             /* abstract sockets, signals */
};

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static struct ruleset all_rights(int abi)
{
	struct ruleset all = {0};

	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (rights[i].abi <= abi) {
			all.files |= rights[i].adds.files;
			all.network |= rights[i].adds.network;
			all.scoped |= rights[i].adds.scoped;
		}
	}
	return all;
}

/* What is left of what all_rights() would take. */
struct plan {
	struct ruleset spared;    /* everywhere */
	uint64_t left;            /* of the files' rights, at or below the paths */
	const char *const *paths; /* NULL behind the last */
};

/* False: the kernel refuses the rule. A path that is not there needs none. */
static bool add_rule(int ruleset, const char *path, uint64_t left)
{
	auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return true;
	}
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = S_ISDIR(st.st_mode) ? left : left & OF_A_FILE,
		.parent_fd = fd,
	};

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* False with errno: nothing was taken. */
static bool restrict_as(int abi, const struct plan *plan)
{
	struct ruleset taken = all_rights(abi);

	taken.files &= ~plan->spared.files;
	taken.network &= ~plan->spared.network;
	auto_close int fd = (int)syscall(SYS_landlock_create_ruleset, &taken, sizeof(taken), 0);

	for (const char *const *path = plan->paths; fd >= 0 && *path != NULL; path++) {
		if (!add_rule(fd, *path, plan->left & taken.files)) {
			return false;
		}
	}
	return fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
}

/* The ABI in force; 0 with errno: none. */
static int restrict_to(const struct plan *plan)
{
	for (int abi = landlock_abi(); abi > 0; abi--) {
		if (restrict_as(abi, plan)) {
			return abi;
		}
		/* Kernels of RHEL 9 claim an ABI of which they have only a part. */
		if (errno != EINVAL) {
			return 0;
		}
	}
	return 0;
}

bool landlock_deny_all(void)
{
	static const char *const none[] = {NULL};
	const struct plan plan = {.paths = none};

	return restrict_to(&plan) > 0;
}

int landlock_leave_reading(const char *const *paths)
{
	const struct plan plan = {
		.spared.network = LANDLOCK_CONNECT_TCP,
		.left = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.paths = paths,
	};

	return restrict_to(&plan);
}

int landlock_leave_writing(const char *const *paths, bool network)
{
	const struct plan plan = {
		.spared.files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
				LANDLOCK_ACCESS_FS_READ_DIR,
		.spared.network = network ? ~0ULL : 0,
		.left = ~(uint64_t)(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK),
		.paths = paths,
	};

	return restrict_to(&plan);
}
