/*
 * paths.h - where the daemon keeps its database and its socket, unless told.
 */
#ifndef DAEMON_PATHS_H
#define DAEMON_PATHS_H

#include <stdbool.h>

#include "base/error.h"

/*
 * given when it is not NULL, else the default: the system's, or the user's after the XDG Base
 * Directory Specification. -ENOENT: the environment does not say where. The caller frees *ret.
 */
MUST_CHECK int daemon_database_path(bool system, const char *given, char **ret, struct error *err);
MUST_CHECK int daemon_socket_path(bool system, const char *given, char **ret, struct error *err);

#endif
