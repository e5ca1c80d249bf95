/*
 * confine.c - confine.h: one step after the other, and no way back from any.
 */
#include "release/unpack/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/caps.h"
#include "base/landlock.h"
#include "base/limits.h"
#include "release/unpack/filter.h"

/* "nobody" on every Linux: the kernel's overflow user. */
#define NOBODY 65534u

/*
 * All that reading an archive takes; any other call kills. No way of getting a descriptor is among
 * them, and none of making memory executable.
 */
static const struct filter_rule allowed_calls[] = {
	{SYS_pread64, 0, 0},
	{SYS_write, 0, 0},
	{SYS_lseek, 0, 0},
	{SYS_sync_file_range, 0, 0},
	/* Memory, of malloc(3) */
	{SYS_brk, 0, 0},
	{SYS_mmap, 0, PROT_EXEC},
	{SYS_mprotect, 0, PROT_EXEC},
	{SYS_munmap, 0, 0},
	{SYS_mremap, 0, 0},
	{SYS_madvise, 0, 0},
	{SYS_getrandom, 0, 0},
	/* Where the kernel has no vDSO for it */
	{SYS_clock_gettime, 0, 0},
	/* A lock that is waited for, though there is one thread */
	{SYS_futex, 0, 0},
	{SYS_exit, 0, 0},
	{SYS_exit_group, 0, 0},
	/* What a libc looks up when it first needs it (charsets, time zones) and can do without */
	{SYS_openat, EACCES, 0},
};

static int set_caps(uint64_t file_maximum)
{
	const struct cap caps[] = {
		{0, RLIMIT_CORE, true},
		{LIMIT_UNPACK_SECONDS, RLIMIT_CPU, true},
		{(rlim_t)file_maximum, RLIMIT_FSIZE, true},
		{0, RLIMIT_NOFILE, false}, /* those already open stay */
		{0, RLIMIT_NPROC, false},
		{LIMIT_UNPACK_MEMORY, RLIMIT_DATA, false},
	};

	return caps_set(caps, sizeof(caps) / sizeof(caps[0]));
}

static int drop_root(void)
{
	if (CONFINE_IS_PARTIAL || geteuid() != 0) {
		return 0;
	}
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0) {
		return -errno;
	}
	return 0;
}

/* -ENOTSUP and the like: recorded, not an error (confine.h). */
static bool filter_calls(void)
{
	return filter_install(allowed_calls, sizeof(allowed_calls) / sizeof(allowed_calls[0]),
			      SECCOMP_RET_KILL_PROCESS) == 0;
}

/* Each step also ends what the steps before it need: an order that works. */
static int give_up(int first_unused, uint64_t file_maximum, unsigned *held)
{
	if (close_range((unsigned)first_unused, ~0u, 0) < 0 || chdir("/") < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0) {
		return -errno;
	}
	if (!CONFINE_IS_PARTIAL && landlock_deny_all()) {
		*held |= CONFINED_LANDLOCK;
	}
	int rc = drop_root();

	/* The change of user has cleared it. */
	if (rc == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		rc = -errno;
	}
	if (rc == 0) {
		rc = set_caps(file_maximum);
	}
	if (rc < 0) {
		return rc;
	}
	*held |= geteuid() != 0 ? CONFINED_USER : 0u;
	if (!CONFINE_IS_PARTIAL && filter_calls()) {
		*held |= CONFINED_SECCOMP;
	}
	return 0;
}

int confine(int first_unused, uint64_t file_maximum, unsigned *ret, struct error *err)
{
	unsigned held = 0;
	int rc = give_up(first_unused, file_maximum, &held);

	if (rc < 0) {
		return error_set(err, -EIO, "the unpack helper cannot give up its rights: %s",
				 strerror(-rc));
	}
	*ret = held;
	return 0;
}
