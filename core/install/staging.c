/*
 * staging.c - staging.h: a private directory beside the first artifact.
 *
 * Nothing in it has to survive a power cut: what is left of a killed run is removed by the next.
 */
#include "install/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/trust.h"
#include "install/private.h"

static char *base_directory(const char *staging_dir, const struct artifact *first)
{
	return staging_dir != NULL ? path_join(NULL, staging_dir) : path_directory(first->install);
}

static int remove_below(const char *path, const char *name, struct error *err)
{
	auto_free char *child = path_join(path, name);

	return child == NULL ? error_no_memory(err) : file_remove_tree(child, err);
}

static int remove_leftovers(const char *path, struct error *err)
{
	auto_directory DIR *directory = opendir(path);

	if (directory == NULL) {
		return error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);

		if (entry == NULL) {
			return errno == 0 ? 0
					  : error_set(err, -errno, "cannot read %s: %s", path,
						      strerror(errno));
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		int rc = remove_below(path, entry->d_name, err);

		if (rc < 0) {
			return rc;
		}
	}
}

static int check_mount(int fd, const char *path, struct error *err)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	if ((fs.f_flag & ST_NOEXEC) != 0) {
		return error_set(err, -EACCES,
				 "cannot stage in %s: it is mounted noexec, and the staged release "
				 "has to be asked; set staging_dir to a place that is not",
				 path);
	}
	return 0;
}

/* A fresh directory run in parent/own. */
static int make_in(int parent, const char *own, const char *path, const char *run,
		   struct error *err)
{
	auto_close int fd = private_directory(parent, own, path, err);

	if (fd < 0) {
		return fd;
	}
	int rc = check_mount(fd, path, err);

	if (rc == 0) {
		rc = remove_leftovers(path, err);
	}
	auto_close int made = rc < 0 ? rc : private_directory(fd, run, path, err);

	if (made < 0) {
		(void)unlinkat(parent, own, AT_REMOVEDIR);
		return made;
	}
	return 0;
}

int staging_name(const char *product, const char *staging_dir, const struct artifact *first,
		 const char *run, char **ret, struct error *err)
{
	auto_free char *base = base_directory(staging_dir, first);
	char *path = NULL;

	if (strchr(product, '/') != NULL || strchr(run, '/') != NULL || run[0] == '.') {
		return error_set(err, -EINVAL, "cannot stage %s, run %s: not a file name", product,
				 run);
	}
	if (base == NULL || asprintf(&path, "%s/.banger-update-%s/%s", base, product, run) < 0) {
		return error_no_memory(err);
	}
	/* It could be made, name by name, and then neither be used nor be removed. */
	if (strlen(path) >= PATH_MAX) {
		free(path);
		return error_set(err, -ENAMETOOLONG, "cannot stage in %s: %s; set staging_dir",
				 base, strerror(ENAMETOOLONG));
	}
	*ret = path;
	return 0;
}

/* What there is of base, before anything is made. As root, we shall remove, chmod and install by
 * names below it, and these must be nobody else's to exchange. */
static int check_place(const char *base, struct error *err)
{
	auto_free char *at = strdup(base);
	struct error why;
	int rc = -ENOENT;

	while (at != NULL && rc == -ENOENT) {
		rc = trust_check_place(at, 0, &why);
		if (rc == -ENOENT) {
			char *above = path_directory(at);

			free(at);
			at = above;
		}
	}
	if (at == NULL) {
		return error_no_memory(err);
	}
	if (rc < 0) {
		return error_set(err, rc,
				 "will not stage in %s: %s; or set staging_dir to a directory "
				 "that only root can change",
				 base, why.text);
	}
	return 0;
}

int staging_make(const char *path, bool make_base, struct error *err)
{
	auto_free char *own = path_directory(path);
	auto_free char *base = own == NULL ? NULL : path_directory(own);

	if (base == NULL) {
		return error_no_memory(err);
	}
	int rc = geteuid() == 0 ? check_place(base, err) : 0;

	if (rc == 0 && make_base) {
		rc = file_make_directories(base, 0755, err);
	}
	if (rc < 0) {
		return rc;
	}
	auto_close int parent = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0) {
		return error_set(err, -errno, "cannot stage in %s: %s", base, strerror(errno));
	}
	return make_in(parent, path_name(own), own, path_name(path), err);
}

int staging_share(const char *path, struct error *err)
{
	auto_free char *parent = path_directory(path);

	if (parent == NULL) {
		return error_no_memory(err);
	}
	/* Nobody but us can write to either or to what they lie in (check_place()), so the names
	 * stand for what we made. */
	if (chmod(parent, 0755) < 0 || chmod(path, 0755) < 0) {
		return error_set(err, -errno, "cannot let plugins read %s: %s", path,
				 strerror(errno));
	}
	return 0;
}

char *staging_scratch(const char *path)
{
	char *scratch = NULL;

	return asprintf(&scratch, "%s.scratch", path) < 0 ? NULL : scratch;
}

int staging_remove(const char *path, struct error *err)
{
	auto_free char *parent = path_directory(path);
	auto_free char *scratch = staging_scratch(path);

	if (parent == NULL || scratch == NULL) {
		return error_no_memory(err);
	}
	int rc = file_remove_tree(scratch, err);

	/* What is too long to be removed was too long to be made. */
	rc = rc == 0 || rc == -ENAMETOOLONG ? file_remove_tree(path, err) : rc;
	if (rc < 0) {
		return rc;
	}
	if (rmdir(parent) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT) {
		return error_set(err, -errno, "cannot remove %s: %s", parent, strerror(errno));
	}
	/* The run is about to end, and nobody would look for it again. */
	rc = file_sync_parent(parent, err);
	return rc == -ENOENT ? 0 : rc;
}
