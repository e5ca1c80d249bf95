/*
 * update.c - `banger update`: becomes banger-update, which lies beside this program or where it was
 * installed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "cli/banger.h"

#define UPDATER     "banger-update"
#define SELF_LENGTH 4096

/* NULL: not known. The caller frees it. */
static char *beside_ourselves(void)
{
	char self[SELF_LENGTH];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self));

	if (length <= 0 || length == SELF_LENGTH) {
		return NULL;
	}
	self[length] = '\0';
	auto_free char *directory = path_directory(self);

	return directory != NULL ? path_join(directory, UPDATER) : NULL;
}

int banger_update(int argc, char **argv, const struct daemon_release *release)
{
	static char name[] = UPDATER;
	static const char installed[] = BANGER_BINDIR "/" UPDATER;
	auto_free char *beside = beside_ourselves();

	(void)argc;
	(void)release;
	argv[0] = name;
	if (beside != NULL) {
		(void)execv(beside, argv);
	}
	if (beside == NULL || errno == ENOENT) {
		(void)execv(installed, argv);
	}
	(void)fprintf(stderr,
		      "banger: cannot run %s: %s; it is neither beside this program nor at %s: "
		      "install it\n",
		      UPDATER, strerror(errno), installed);
	return BANGER_ERROR;
}
