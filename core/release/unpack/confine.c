/*
 * confine.c - confine.h: one step after the other, and no way back from any.
 */
#include "release/unpack/confine.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"

/* "nobody" on every Linux: the kernel's overflow user. */
#define NOBODY 65534u

struct cap {
	rlim_t most;
	__rlimit_resource_t resource;
	bool fits_sanitizer;
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

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct rlimit limit;

		if (CONFINE_IS_PARTIAL && !caps[i].fits_sanitizer) {
			continue;
		}
		if (getrlimit(caps[i].resource, &limit) < 0) {
			return -errno;
		}
		/* A lower limit that is already there stays. */
		rlim_t most = caps[i].most < limit.rlim_max ? caps[i].most : limit.rlim_max;

		limit = (struct rlimit){most, most};
		if (setrlimit(caps[i].resource, &limit) < 0) {
			return -errno;
		}
	}
	return 0;
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

int confine(int first_unused, uint64_t file_maximum, struct error *err)
{
	int rc = 0;

	/* The limits last: their lowest also end what the steps before them need. */
	if (close_range((unsigned)first_unused, ~0u, 0) < 0 || chdir("/") < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0) {
		rc = -errno;
	}
	if (rc == 0) {
		rc = drop_root();
	}
	/* The change of user has cleared it. */
	if (rc == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		rc = -errno;
	}
	if (rc == 0) {
		rc = set_caps(file_maximum);
	}
	if (rc < 0) {
		return error_set(err, -EIO, "the unpack helper cannot give up its rights: %s",
				 strerror(-rc));
	}
	return 0;
}
