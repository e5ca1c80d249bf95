/*
 * confine.c - confine.h: resource limits, and no way to more privileges.
 *
 * Order is the invariant: confine() runs between reading the request and dlopen(3). Whatever is
 * given up for a plugin is given up here and nowhere later, or its constructors would run before.
 *
 * RLIMIT_AS is not among the limits: it counts reserved addresses, of which AddressSanitizer and Go
 * programs have terabytes.
 */
#include "preflight/host/confine.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/limits.h"

#define DESCRIPTORS 64

static int limit(__rlimit_resource_t resource, const char *name, rlim_t most, struct error *err)
{
	struct rlimit now;

	if (getrlimit(resource, &now) < 0) {
		return error_set(err, -errno, "cannot read the limit %s: %s", name,
				 strerror(errno));
	}
	/* A stricter limit that is in force already stays. */
	struct rlimit wanted = {
		.rlim_cur = now.rlim_max < most ? now.rlim_max : most,
		.rlim_max = now.rlim_max < most ? now.rlim_max : most,
	};

	if (setrlimit(resource, &wanted) < 0) {
		return error_set(err, -errno, "cannot set the limit %s: %s", name, strerror(errno));
	}
	return 0;
}

int confine(uint64_t timeout_ms, struct error *err)
{
	const struct {
		__rlimit_resource_t resource;
		const char *name;
		rlim_t most;
	} limits[] = {
		{RLIMIT_CORE, "RLIMIT_CORE", 0},
		{RLIMIT_NOFILE, "RLIMIT_NOFILE", DESCRIPTORS},
		{RLIMIT_FSIZE, "RLIMIT_FSIZE", LIMIT_PLUGIN_FILE},
		{RLIMIT_CPU, "RLIMIT_CPU", timeout_ms / 1000 + 1},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int rc = limit(limits[i].resource, limits[i].name, limits[i].most, err);

		if (rc < 0) {
			return rc;
		}
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		return error_set(err, -errno, "cannot give up new privileges: %s", strerror(errno));
	}
	return 0;
}
