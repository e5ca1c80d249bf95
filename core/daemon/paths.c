/*
 * paths.c - paths.h: system and per-user defaults.
 */
#include "daemon/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* The specification: a relative path in one of its variables is to be ignored. */
static const char *absolute_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] == '/' ? value : NULL;
}

static int keep(char *path, char **ret, struct error *err)
{
	if (path == NULL) {
		return error_no_memory(err);
	}
	*ret = path;
	return 0;
}

int daemon_database_path(bool system, const char *given, char **ret, struct error *err)
{
	if (given != NULL || system) {
		return keep(strdup(given != NULL ? given : "/var/lib/banger/state.db"), ret, err);
	}
	const char *state = absolute_variable("XDG_STATE_HOME");
	const char *home = absolute_variable("HOME");

	if (state != NULL) {
		return keep(path_join(state, "banger/state.db"), ret, err);
	}
	if (home != NULL) {
		return keep(path_join(home, ".local/state/banger/state.db"), ret, err);
	}
	return error_set(err, -ENOENT,
			 "neither XDG_STATE_HOME nor HOME says where the database is: use "
			 "--database FILE or --system");
}

int daemon_socket_path(bool system, const char *given, char **ret, struct error *err)
{
	if (given != NULL || system) {
		return keep(strdup(given != NULL ? given : "/run/banger/bangerd.sock"), ret, err);
	}
	const char *runtime = absolute_variable("XDG_RUNTIME_DIR");

	if (runtime != NULL) {
		return keep(path_join(runtime, "banger/bangerd.sock"), ret, err);
	}
	return error_set(err, -ENOENT,
			 "XDG_RUNTIME_DIR does not say where the socket is: use --socket FILE or "
			 "--system");
}
