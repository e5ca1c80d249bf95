/*
 * tree.c - file.h's directories: made with their parents, removed with what is in them.
 *
 * Removing goes by descriptors, each opened without following a link: a name that is swapped for a
 * link meanwhile leads nowhere else, and the length of a path does not matter.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"

/* Deeper than anything we make; every level holds a descriptor. */
#define DEPTH_MAX 256

/* Gives a directory just made the mode that the umask has cut; one inherited group bit stays. */
static int give_mode(const char *path, mode_t mode, struct error *err)
{
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return error_set(err, -errno, "cannot open the new directory %s: %s", path,
				 strerror(errno));
	}
	mode |= st.st_mode & S_ISGID;
	if ((st.st_mode & ALLPERMS) != mode && fchmod(fd, mode) < 0) {
		return error_set(err, -errno, "cannot set the mode of %s: %s", path,
				 strerror(errno));
	}
	return 0;
}

static int make_one(const char *path, mode_t mode, struct error *err)
{
	struct stat st;

	if (mkdir(path, mode) == 0) {
		int rc = give_mode(path, mode, err);

		return rc < 0 ? rc : file_sync_parent(path, err);
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
	if (*path == '\0') {
		return error_set(err, -ENOENT, "cannot make a directory without a name");
	}
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

/* An entry of the tree at path; for the tree itself, name is path. */
static int cannot(struct error *err, int code, const char *name, const char *path,
		  const char *reason)
{
	if (name == path) {
		return error_set(err, code, "cannot remove %s: %s", path, reason);
	}
	return error_set(err, code, "cannot remove %s below %s: %s", name, path, reason);
}

static int remove_entry(int parent, const char *name, int depth, const char *path,
			struct error *err);

/* Takes fd over. */
static int remove_children(int fd, const char *name, int depth, const char *path, struct error *err)
{
	auto_directory DIR *directory = fdopendir(fd);

	if (directory == NULL) {
		int code = -errno;

		(void)close(fd);
		return cannot(err, code, name, path, strerror(-code));
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);

		if (entry == NULL) {
			return errno == 0 ? 0 : cannot(err, -errno, name, path, strerror(errno));
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		int rc = remove_entry(fd, entry->d_name, depth + 1, path, err);

		if (rc < 0) {
			return rc;
		}
	}
}

/* A mount shows only here when it is one of the same file system (mount --bind). */
static bool is_mount(int fd)
{
	struct statx stx;

	return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &stx) < 0 ||
	       (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Removes one entry of parent, a directory with all that is in it. */
static int remove_entry(int parent, const char *name, int depth, const char *path,
			struct error *err)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
		return 0;
	}
	if (errno != EISDIR) {
		return cannot(err, -errno, name, path, strerror(errno));
	}
	auto_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		return cannot(err, -errno, name, path, strerror(errno));
	}
	if (is_mount(fd)) {
		return cannot(err, -EXDEV, name, path, "something is mounted there");
	}
	if (depth >= DEPTH_MAX) {
		return cannot(err, -ELOOP, name, path, "nested too deeply");
	}
	int rc = remove_children(take_fd(&fd), name, depth, path, err);

	if (rc == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		rc = cannot(err, -errno, name, path, strerror(errno));
	}
	return rc;
}

int file_remove_tree(const char *path, struct error *err)
{
	size_t length = strlen(path);

	/* A slash behind a link leads through it. */
	while (length > 0 && path[length - 1] == '/') {
		length--;
	}
	if (length == 0) {
		return error_set(err, -EINVAL, "will not remove '%s'", path);
	}
	auto_free char *bare = strndup(path, length);

	if (bare == NULL) {
		return error_no_memory(err);
	}
	return remove_entry(AT_FDCWD, bare, 0, bare, err);
}
