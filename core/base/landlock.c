/*
 * landlock.c - landlock.h: a ruleset that handles everything, with no rule or with few.
 *
 * The structure and its bits are our own: the kernel's headers of an older host know fewer than the
 * kernel that runs.
 */
#include "base/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/guard.h"

/* LANDLOCK_ACCESS_NET_CONNECT_TCP of ABI 4. */
#define LANDLOCK_CONNECT_TCP 2u

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

/* False: the kernel refuses the rule. A path that is not there needs none. */
static bool allow_reading(int ruleset, const char *path)
{
	auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return true;
	}
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
				  (S_ISDIR(st.st_mode) ? LANDLOCK_ACCESS_FS_READ_DIR : 0u),
		.parent_fd = fd,
	};

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
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

/* Takes what taken has, less reading below paths. */
static bool restrict_to(const struct ruleset *taken, const char *const *paths)
{
	auto_close int fd = (int)syscall(SYS_landlock_create_ruleset, taken, sizeof(*taken), 0);

	for (; fd >= 0 && *paths != NULL; paths++) {
		if (!allow_reading(fd, *paths)) {
			return false;
		}
	}
	return fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
}

bool landlock_deny_all(void)
{
	static const char *const none[] = {NULL};
	int abi = landlock_abi();
	const struct ruleset all = all_rights(abi);

	return abi > 0 && restrict_to(&all, none);
}

int landlock_leave_reading(const char *const *paths)
{
	int abi = landlock_abi();
	struct ruleset taken = all_rights(abi);

	taken.network &= ~(uint64_t)LANDLOCK_CONNECT_TCP;
	return abi > 0 && restrict_to(&taken, paths) ? abi : 0;
}
