/*
 * migrating.h - the commands that ask about migrations or apply them without serving.
 */
#ifndef DAEMON_MIGRATING_H
#define DAEMON_MIGRATING_H

#include <stdio.h>

#include "daemon/daemon.h"

/*
 * Writes one line that says how the database relates to release; *ret_exit is what to exit with.
 * Only looks (schema_inspect()).
 */
MUST_CHECK int daemon_check_migrations(const struct daemon_release *release, const char *database,
				       FILE *output, int *ret_exit, struct error *err);

/* Opens the store, which applies what is pending, and closes it. */
MUST_CHECK int daemon_migrate(const struct daemon_release *release, const char *database,
			      struct error *err);

#endif
