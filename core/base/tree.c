/*
 * tree.c - file.h's directories: made with their parents, removed with what is in them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"

/* Deeper than anything we make; a directory loop cannot be. */
#define DEPTH_MAX 64

static int make_one(const char *path, mode_t mode, struct error *err)
{
	struct stat st;

	if (mkdir(path, mode) == 0) {
		return file_sync_parent(path, err);
	}
	if (errno != EEXIST) {
		return error_set(err, -errno, "cannot make the directory %s: %s", path,
				 strerror(errno));
	}
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		return error_set(err, -ENOTDIR, "%s is in the way: it is not a directory", path);
	}
	return 0;
}

int file_make_directories(const char *path, mode_t mode, struct error *err)
{
	auto_free char *partial = strdup(path);

	if (partial == NULL) {
		return error_no_memory(err);
	}
	for (char *at = partial + strspn(partial, "/"); *at != '\0';) {
		at += strcspn(at, "/");
		char separator = *at;

		*at = '\0';
		int rc = make_one(partial, mode, err);

		if (rc < 0) {
			return rc;
		}
		*at = separator;
		at += strspn(at, "/");
	}
	return 0;
}

static void guard_directory(DIR **directory)
{
	if (*directory != NULL) {
		(void)closedir(*directory);
	}
}

static int remove_children(int fd, dev_t device, int depth, const char *path, struct error *err);

/* Removes one entry of parent, a directory with all that is in it. */
static int remove_entry(int parent, const char *name, dev_t device, int depth, const char *path,
			struct error *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s in %s: %s", name,
						   path, strerror(errno));
	}
	if (S_ISDIR(st.st_mode)) {
		auto_close int fd =
			openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0) {
			return error_set(err, -errno, "cannot open %s in %s: %s", name, path,
					 strerror(errno));
		}
		if (st.st_dev != device || depth >= DEPTH_MAX) {
			return error_set(err, -EXDEV, "will not remove %s in %s: %s", name, path,
					 depth >= DEPTH_MAX ? "nested too deeply"
							    : "another file system");
		}
		int rc = remove_children(fd, device, depth + 1, path, err);

		if (rc < 0) {
			return rc;
		}
	}
	if (unlinkat(parent, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT) {
		return error_set(err, -errno, "cannot remove %s in %s: %s", name, path,
				 strerror(errno));
	}
	return 0;
}

static int remove_children(int fd, dev_t device, int depth, const char *path, struct error *err)
{
	int own = dup(fd);

	if (own < 0) {
		return error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	}
	__attribute__((cleanup(guard_directory))) DIR *directory = fdopendir(own);

	if (directory == NULL) {
		(void)close(own);
		return error_set(err, -ENOMEM, "cannot read %s", path);
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
		int rc = remove_entry(fd, entry->d_name, device, depth, path, err);

		if (rc < 0) {
			return rc;
		}
	}
}

int file_remove_tree(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s: %s", path,
						   strerror(errno));
	}
	return remove_entry(AT_FDCWD, path, st.st_dev, 0, path, err);
}
