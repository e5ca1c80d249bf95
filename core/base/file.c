/*
 * file.c - file.h: paths, and files read, written, copied and synced whole.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"

#define CHUNK (64u * KIB)
/* What is read whole is small, and each page of the stack that is touched costs. */
#define READ_CHUNK (4u * KIB)

char *path_join(const char *root, const char *path)
{
	if (root == NULL || root[0] == '\0') {
		return strdup(path);
	}
	size_t length = strlen(root);
	char *joined = NULL;

	while (length > 0 && root[length - 1] == '/') {
		length--;
	}
	path += strspn(path, "/");
	if (asprintf(&joined, "%.*s/%s", (int)length, root, path) < 0) {
		return NULL;
	}
	return joined;
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

char *path_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		return strdup(".");
	}
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int file_open(const char *path, struct error *err)
{
	/* O_NONBLOCK: opening a FIFO that nobody writes to must not hang. */
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ELOOP) {
		return error_set(err, -ELOOP, "cannot open %s: it is a symbolic link", path);
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		return error_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
				 "cannot read %s: it is not a regular file", path);
	}
	return take_fd(&fd);
}

int file_read(int fd, const char *name, struct buffer *buffer, struct error *err)
{
	char chunk[READ_CHUNK];

	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return error_set(err, -errno, "cannot read %s: %s", name, strerror(errno));
		}
		if (got == 0) {
			return 0;
		}
		int rc = buffer_add(buffer, chunk, (size_t)got);

		if (rc == -E2BIG) {
			return error_set(err, rc, "%s is larger than the %zu bytes allowed", name,
					 buffer->maximum);
		}
		if (rc < 0) {
			return error_no_memory(err);
		}
	}
}

int file_read_path(const char *path, struct buffer *buffer, struct error *err)
{
	auto_close int fd = file_open(path, err);

	if (fd < 0) {
		return fd;
	}
	return file_read(fd, path, buffer, err);
}

int file_write(int fd, const char *name, const void *bytes, size_t length, struct error *err)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(fd, at, length);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written < 0) {
			return error_set(err, -errno, "cannot write %s: %s", name, strerror(errno));
		}
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

/* Writes, modes and syncs the temporary file of file_replace(). */
static int fill_temporary(int fd, const char *path, const void *bytes, size_t length, mode_t mode,
			  struct error *err)
{
	int rc = file_write(fd, path, bytes, length, err);

	if (rc == 0 && fchmod(fd, mode) < 0) {
		rc = error_set(err, -errno, "cannot set the mode of %s: %s", path, strerror(errno));
	}
	return rc == 0 ? file_sync(fd, path, err) : rc;
}

/* fd is open on the temporary file, or the negative errno of trying. */
static int replace_by(int fd, const char *temporary, const char *path, const void *bytes,
		      size_t length, mode_t mode, struct error *err)
{
	if (fd < 0) {
		return error_set(err, fd, "cannot create a file beside %s: %s", path,
				 strerror(-fd));
	}
	int rc = fill_temporary(fd, path, bytes, length, mode, err);

	if (rc == 0 && rename(temporary, path) < 0) {
		rc = error_set(err, -errno, "cannot replace %s: %s", path, strerror(errno));
	}
	if (rc < 0) {
		(void)unlink(temporary);
		return rc;
	}
	return file_sync_parent(path, err);
}

int file_replace(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err)
{
	auto_free char *temporary = NULL;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return error_no_memory(err);
	}
	auto_close int fd = mkostemp(temporary, O_CLOEXEC);

	return replace_by(fd < 0 ? -errno : fd, temporary, path, bytes, length, mode, err);
}

static bool is_so_already(const char *path, const void *bytes, size_t length, mode_t mode)
{
	auto_buffer struct buffer content = BUFFER_INIT(length + 1);
	struct error err;
	struct stat st;

	return lstat(path, &st) == 0 && st.st_mode == (S_IFREG | mode) &&
	       st.st_size == (off_t)length && file_read_path(path, &content, &err) == 0 &&
	       content.length == length &&
	       (length == 0 || memcmp(content.data, bytes, length) == 0);
}

int file_replace_alone(const char *path, const void *bytes, size_t length, mode_t mode,
		       struct error *err)
{
	auto_free char *temporary = NULL;

	if (asprintf(&temporary, "%s.new", path) < 0) {
		temporary = NULL;
		return error_no_memory(err);
	}
	(void)unlink(temporary);
	if (is_so_already(path, bytes, length, mode)) {
		return 0;
	}
	auto_close int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return replace_by(fd < 0 ? -errno : fd, temporary, path, bytes, length, mode, err);
}

static int copy_by_reading(int from, int to, const char *name, struct error *err)
{
	char chunk[CHUNK];

	if (lseek(from, 0, SEEK_SET) < 0 || lseek(to, 0, SEEK_SET) < 0) {
		return error_set(err, -errno, "cannot copy %s: %s", name, strerror(errno));
	}
	for (;;) {
		ssize_t got = read(from, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return error_set(err, -errno, "cannot read %s: %s", name, strerror(errno));
		}
		if (got == 0) {
			return 0;
		}
		int rc = file_write(to, name, chunk, (size_t)got, err);

		if (rc < 0) {
			return rc;
		}
	}
}

int file_copy(int from, int to, const char *name, struct error *err)
{
	off_t in = 0;
	off_t out = 0;

	for (;;) {
		ssize_t copied = copy_file_range(from, &in, to, &out, 1u << 30, 0);

		if (copied < 0 && errno == EINTR) {
			continue;
		}
		/* Not on this pair of file systems; nothing was copied yet. */
		if (copied < 0 && in == 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
			return copy_by_reading(from, to, name, err);
		}
		if (copied < 0) {
			return error_set(err, -errno, "cannot copy %s: %s", name, strerror(errno));
		}
		if (copied == 0) {
			return 0;
		}
	}
}

int file_sync(int fd, const char *name, struct error *err)
{
	if (fsync(fd) < 0) {
		return error_set(err, -errno, "cannot make %s durable: %s", name, strerror(errno));
	}
	return 0;
}

int file_sync_directory(const char *path, struct error *err)
{
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		return error_set(err, -errno, "cannot open the directory %s: %s", path,
				 strerror(errno));
	}
	return file_sync(fd, path, err);
}

int file_sync_parent(const char *path, struct error *err)
{
	auto_free char *directory = path_directory(path);

	if (directory == NULL) {
		return error_no_memory(err);
	}
	return file_sync_directory(directory, err);
}
