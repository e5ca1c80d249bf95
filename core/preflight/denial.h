/*
 * denial.h - the system calls that a plugin does not get, as a filter for seccomp(2).
 *
 * A list of what is denied, not of what is allowed: a plugin may use any library and run any
 * program. What files and sockets a call is about, seccomp cannot see; that is Landlock's part. The
 * filter is built here, by libseccomp, and handed to the helper, which stays without it.
 */
#ifndef PREFLIGHT_DENIAL_H
#define PREFLIGHT_DENIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* How an argument makes a call one of those that are denied. */
enum denial_when {
	DENY_ALWAYS,
	DENY_EQUAL,  /* (argument & mask) == value */
	DENY_OTHER,  /* argument != value */
	DENY_ABOVE,  /* argument > value */
	DENY_MASKED, /* argument & mask, a single bit */
};

struct denied_call {
	const char *name;
	int number; /* where libseccomp is too old to know the name; 0: it never is */
	int with;   /* errno */
	enum denial_when when;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
};

/* The tables, each ended by a NULL name: what is denied to all, and on top of that without and
 * with the network, and without sockets on this machine. */
extern const struct denied_call denied_calls[];
extern const struct denied_call denied_without_network[];
extern const struct denied_call denied_with_network[];
extern const struct denied_call denied_without_local[];

/* The sockets that are left. */
#define DENIAL_LEAVES_LOCAL   (1u << 0)
#define DENIAL_LEAVES_NETWORK (1u << 1)
#define DENIAL_KINDS          4

/* The filter in a sealed memory file, as struct sock_filter after struct sock_filter. sockets:
 * DENIAL_LEAVES_*. Returns a descriptor or a negative errno value. */
MUST_CHECK int denial_open(unsigned sockets, struct error *err);

/* The call's number on this machine; negative: it has none. */
int denial_number(const struct denied_call *call);

#endif
