/*
 * caps.h - resource limits of a process that gives up its rights (setrlimit(2)).
 */
#ifndef BASE_CAPS_H
#define BASE_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include "base/error.h"

struct cap {
	rlim_t most;
	__rlimit_resource_t resource;
	bool fits_sanitizer; /* else it is left out of a build with AddressSanitizer */
};

/* Sets soft and hard limit to most, so that there is no way back; one that is lower already stays
 * as low. 0 or a negative errno value. */
MUST_CHECK int caps_set(const struct cap *caps, size_t count);

#endif
