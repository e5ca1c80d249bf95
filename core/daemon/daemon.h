/*
 * daemon.h - bangerd as a function of the release it belongs to.
 *
 * Version and migrations are a parameter: other releases of the same daemon, older, newer or
 * ill-behaved, are built from other tables and the same code.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "base/error.h"
#include "store/store.h"

struct json_t;

/* Where a release may do otherwise; each may be NULL. The product has none. */
struct daemon_hooks {
	/* Ends the process with the answer of --check-migrations; NULL: exit(3). */
	void (*exit)(int code);
	/* Called when the socket listens and the store is open, before READY=1 is sent. A negative
	 * errno value with *err filled ends the daemon. */
	int (*before_ready)(struct error *err);
	/* A reply of its own to method, e.g. {"error":{…}}; NULL: the daemon replies as usual. */
	struct json_t *(*answer)(const char *method);
};

struct daemon_release {
	const char *version;
	struct migrations migrations;
	const struct daemon_hooks *hooks; /* NULL: none */
};

/* Exit codes of running, --check-migrations and --migrate. */
enum daemon_exit {
	DAEMON_DONE = 0,         /* stopped on request, migrated, compatible */
	DAEMON_NEEDED = 1,       /* --check-migrations: some are pending */
	DAEMON_INCOMPATIBLE = 2, /* unknown migrations, or one fails on this data */
	DAEMON_ERROR = 3,
	DAEMON_USAGE = 64,
};

/* The program: what main() returns. */
int bangerd_main(int argc, char **argv, const struct daemon_release *release);

#endif
