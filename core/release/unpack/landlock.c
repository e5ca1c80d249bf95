/*
 * landlock.c - landlock.h: a ruleset that handles everything and has no rule.
 *
 * The structure and its bits are our own: the kernel's headers of an older host know fewer than the
 * kernel that runs.
 */
#include "release/unpack/landlock.h"

#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

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

bool landlock_deny_all(void)
{
	struct ruleset all = {0};
	int abi = landlock_abi();

	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (rights[i].abi <= abi) {
			all.files |= rights[i].adds.files;
			all.network |= rights[i].adds.network;
			all.scoped |= rights[i].adds.scoped;
		}
	}
	if (abi == 0) {
		return false;
	}
	int fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);

	if (fd < 0) {
		return false;
	}
	bool is_denied = syscall(SYS_landlock_restrict_self, fd, 0) == 0;

	(void)close(fd);
	return is_denied;
}
