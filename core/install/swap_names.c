/*
 * swap_names.c - swap_names.h: names, and the few acts that both directions of a swap share.
 */
#include "install/swap_names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/attributes.h"
#include "model/beside.h"

/* The longest of all suffixes: that of a target that is neither old nor new. */
#define LONGEST_SUFFIX (sizeof(".unexpected-20261122T163400Z-99") - 1)

void swap_names_finish(struct swap_names *names)
{
	free(names->new);
	free(names->link);
	free(names->backup);
	free(names->earlier);
	*names = (struct swap_names){0};
}

static char *with_suffix(const char *path, const char *suffix)
{
	char *joined = NULL;

	return asprintf(&joined, "%s%s", path, suffix) < 0 ? NULL : joined;
}

int swap_names_make(const char *install, struct swap_names *ret, struct error *err)
{
	if (strlen(path_name(install)) + LONGEST_SUFFIX > NAME_MAX ||
	    strlen(install) + LONGEST_SUFFIX >= PATH_MAX) {
		return error_set(err, -ENAMETOOLONG,
				 "the name %s is too long: a backup beside it needs %zu characters "
				 "more",
				 install, LONGEST_SUFFIX);
	}
	struct swap_names names = {
		.new = with_suffix(install, BESIDE_NEW),
		.link = with_suffix(install, BESIDE_LINK),
		.backup = with_suffix(install, BESIDE_BACKUP),
		.earlier = with_suffix(install, BESIDE_EARLIER),
	};

	if (names.new == NULL || names.link == NULL || names.backup == NULL ||
	    names.earlier == NULL) {
		swap_names_finish(&names);
		return error_no_memory(err);
	}
	*ret = names;
	return 0;
}

int swap_unlink(const char *path, struct error *err)
{
	if (unlink(path) < 0 && errno != ENOENT) {
		return error_set(err, -errno, "cannot remove %s: %s", path, strerror(errno));
	}
	return 0;
}

static int keep_times(int to, int from, const char *name, struct error *err)
{
	struct stat st;

	if (fstat(from, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", name, strerror(errno));
	}
	const struct timespec times[2] = {st.st_atim, st.st_mtim};

	if (futimens(to, times) < 0) {
		return error_set(err, -errno, "cannot keep the times of %s: %s", name,
				 strerror(errno));
	}
	return 0;
}

static int copy_file(const char *from, const char *to, struct error *err)
{
	const struct artifact as_it_was = {.mode = HOST_MODE_KEEP};
	auto_close int source = file_open(from, err);

	if (source < 0) {
		return source;
	}
	auto_close int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (target < 0) {
		return error_set(err, -errno, "cannot create %s: %s", to, strerror(errno));
	}
	int rc = file_copy(source, target, from, err);

	if (rc == 0) {
		rc = attributes_apply(target, source, &as_it_was, from, err);
	}
	if (rc == 0) {
		rc = keep_times(target, source, from, err);
	}
	return rc == 0 ? file_sync(target, to, err) : rc;
}

int swap_link(const char *from, const char *to, struct error *err)
{
	if (link(from, to) == 0) {
		return 0;
	}
	/* EPERM: no links on this file system, or none for us; EMLINK: too many of them. */
	if (errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP && errno != ENOSYS) {
		return error_set(err, -errno, "cannot link %s to %s: %s", from, to,
				 strerror(errno));
	}
	int rc = copy_file(from, to, err);

	if (rc < 0) {
		(void)unlink(to);
	}
	return rc;
}

int swap_inode(const char *path, ino_t *ret, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) == 0) {
		*ret = st.st_ino;
		return 0;
	}
	if (errno == ENOENT) {
		*ret = 0;
		return 0;
	}
	return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
}
