/*
 * trust.c - trust.h: the walk from a path up to the root.
 */
#include "base/trust.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/guard.h"

static const char *writable_bit(const struct stat *st)
{
	if ((st->st_mode & S_IWOTH) != 0) {
		return "world-writable (o+w)";
	}
	return (st->st_mode & S_IWGRP) != 0 ? "group-writable (g+w)" : NULL;
}

static int check_one(const char *path, bool is_ancestor, uid_t owner, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	if (S_ISLNK(st.st_mode)) {
		return error_set(err, -EPERM, "%s is a symbolic link: name the file itself", path);
	}
	if (st.st_uid != 0 && st.st_uid != owner) {
		return error_set(err, -EPERM, "%s belongs to user %u: run chown root %s", path,
				 (unsigned)st.st_uid, path);
	}
	bool is_sticky = is_ancestor && (st.st_mode & S_ISVTX) != 0 && st.st_uid == 0;
	const char *bit = is_sticky ? NULL : writable_bit(&st);

	if (bit != NULL) {
		return error_set(err, -EPERM, "%s is %s: run chmod go-w %s", path, bit, path);
	}
	return 0;
}

/* Ancestors may be reached through links (/lib -> usr/lib): what counts is where they lead. */
static int check_ancestors(const char *path, uid_t owner, struct error *err)
{
	auto_free char *parent = path_directory(path);
	auto_free char *real = parent != NULL ? realpath(parent, NULL) : NULL;

	if (parent == NULL) {
		return error_no_memory(err);
	}
	if (real == NULL) {
		return error_set(err, -errno, "cannot look at %s: %s", parent, strerror(errno));
	}
	for (;;) {
		int rc = check_one(real, true, owner, err);

		if (rc < 0 || strcmp(real, "/") == 0) {
			return rc;
		}
		char *slash = strrchr(real, '/');

		slash[slash == real ? 1 : 0] = '\0';
	}
}

int trust_check_chain(const char *path, uid_t owner, struct error *err)
{
	int rc = check_one(path, false, owner, err);

	if (rc < 0 || strcmp(path, "/") == 0) {
		return rc;
	}
	return check_ancestors(path, owner, err);
}
