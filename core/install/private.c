/*
 * private.c - private.h: made, then opened without following a link, then looked at by descriptor.
 */
#include "install/private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"

int private_directory(int parent, const char *name, const char *path, struct error *err)
{
	struct stat st;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST) {
		return error_set(err, -errno, "cannot make the directory %s: %s", path,
				 strerror(errno));
	}
	auto_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		return error_set(err, -ENOTDIR,
				 "will not use %s: it is not a directory of our own making; look "
				 "who put it there and remove it",
				 path);
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		return error_set(err, -errno, "cannot open the directory %s: %s", path,
				 strerror(errno));
	}
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
		return error_set(err, -EPERM,
				 "will not use the directory %s: it belongs to uid %u with mode "
				 "%04o, and others than uid %u could change what lies in it; look "
				 "who put it there and remove it",
				 path, st.st_uid, st.st_mode & 07777, geteuid());
	}
	return take_fd(&fd);
}
