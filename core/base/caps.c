/*
 * caps.c - caps.h: never upwards.
 */
#include "base/caps.h"

#include <errno.h>

#include "base/sanitizer.h"

static int set_one(const struct cap *cap)
{
	struct rlimit limit;

	if (getrlimit(cap->resource, &limit) < 0) {
		return -errno;
	}
	rlim_t most = cap->most < limit.rlim_max ? cap->most : limit.rlim_max;

	/* A soft limit that is stricter was somebody's wish. */
	most = most < limit.rlim_cur ? most : limit.rlim_cur;
	limit = (struct rlimit){most, most};
	return setrlimit(cap->resource, &limit) < 0 ? -errno : 0;
}

int caps_set(const struct cap *caps, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		if (!SANITIZED_ADDRESSES || caps[i].fits_sanitizer) {
			rc = set_one(&caps[i]);
		}
	}
	return rc;
}
