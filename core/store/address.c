/*
 * address.c - address.h: paths as SQLite URIs.
 *
 * Debian's library reads every name that begins with "file:" as a URI; a path that always is one,
 * encoded, cannot be taken for another.
 */
#include "store/address.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._~-";

static int add_encoded(struct buffer *into, const char *path)
{
	int r = 0;

	if (path[0] == '/') {
		/* Two slashes behind "file:" would begin a host name. */
		path += strspn(path, "/") - 1;
	} else {
		/* ":memory:" and "" are no files, however they are encoded. */
		r = buffer_add(into, "./", 2);
	}
	for (; *path != '\0' && r == 0; path++) {
		if (strchr(plain, *path) != NULL) {
			r = buffer_add(into, path, 1);
		} else {
			r = buffer_add_format(into, "%%%02X", (unsigned char)*path);
		}
	}
	return r;
}

int store_address(const char *path, const char *parameters, char **ret, struct error *err)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	auto_buffer struct buffer address = BUFFER_INIT(32 * KIB);

	if (vfs != NULL && strlen(path) > (size_t)vfs->mxPathname) {
		return error_set(err, -ENAMETOOLONG,
				 "the path has %zu characters, and SQLite opens at most %d",
				 strlen(path), vfs->mxPathname);
	}
	int r = buffer_add(&address, "file:", strlen("file:"));

	if (r == 0) {
		r = add_encoded(&address, path);
	}
	if (r == 0) {
		r = buffer_add_format(&address, "?%s", parameters);
	}
	if (r < 0) {
		return error_set(err, r, "cannot address %s: %s", path, strerror(-r));
	}
	*ret = buffer_detach(&address);
	return *ret != NULL ? 0 : error_no_memory(err);
}
