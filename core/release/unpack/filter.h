/*
 * filter.h - a table of system calls as a seccomp filter (seccomp(2)).
 */
#ifndef RELEASE_UNPACK_FILTER_H
#define RELEASE_UNPACK_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define FILTER_RULES_MAX 32u

struct filter_rule {
	long number;      /* SYS_… */
	int refused_with; /* the errno it fails with; 0: it is allowed */
	uint32_t unless;  /* … but not when its third argument has one of these bits */
};

/*
 * Puts the calling thread, and what it starts, under these rules for good. otherwise
 * (SECCOMP_RET_…) is what happens to every other call; one in another architecture's convention
 * kills the process. Needs PR_SET_NO_NEW_PRIVS. -ENOTSUP: not written for this machine; else the
 * errno value of seccomp(2), -EPERM or -ENOSYS where a container refuses it.
 */
MUST_CHECK int filter_install(const struct filter_rule *rules, size_t count, uint32_t otherwise);

#endif
