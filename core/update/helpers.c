/*
 * helpers.c - helpers.h: where the helper programs are.
 */
#include "update/helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"

static char *beside_us(const char *name)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path = NULL;

	if (length < 0) {
		return NULL;
	}
	self[length] = '\0';
	auto_free char *directory = path_directory(self);

	if (directory == NULL ||
	    asprintf(&path, "%s/../libexec/banger-update/%s", directory, name) < 0) {
		return NULL;
	}
	return path;
}

static int open_one(const char *name, int *ret, struct error *err)
{
	auto_free char *near = beside_us(name);
	auto_free char *compiled = path_join(BANGER_LIBEXECDIR, name);
	const char *candidates[] = {near, compiled};

	for (size_t i = 0; i < 2; i++) {
		int fd = candidates[i] != NULL ? open(candidates[i], O_PATH | O_CLOEXEC) : -1;

		if (fd >= 0) {
			*ret = fd;
			return 0;
		}
	}
	return error_set(
		err, -ENOENT,
		"the helper program %s is neither at %s nor at %s: install banger-update again",
		name, near != NULL ? near : "?", compiled != NULL ? compiled : "?");
}

void helpers_open_fetch(struct helpers *ret)
{
	struct error ignored;

	if (open_one("fetch", &ret->fetch, &ignored) < 0) {
		ret->fetch = -1;
	}
}

int helpers_open(struct helpers *ret, struct error *err)
{
	auto_helpers struct helpers helpers = HELPERS_INIT;
	int rc = open_one("unpack", &helpers.unpack, err);

	helpers_open_fetch(&helpers);
	if (rc == 0) {
		rc = open_one("preflight-host", &helpers.preflight_host, err);
	}
	if (rc < 0) {
		return rc;
	}
	*ret = (struct helpers){take_fd(&helpers.fetch), take_fd(&helpers.unpack),
				take_fd(&helpers.preflight_host)};
	return 0;
}

void helpers_close(struct helpers *helpers)
{
	guard_close(&helpers->fetch);
	guard_close(&helpers->unpack);
	guard_close(&helpers->preflight_host);
}
