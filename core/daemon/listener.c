/*
 * listener.c - listener.h: binding, and replacing what a killed daemon left.
 *
 * Between finding a socket dead and removing it another daemon could have bound there; so all of it
 * happens under a lock on the directory, which, unlike a lock file, leaves nothing behind.
 */
#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"

#define BACKLOG         64
#define LOCK_TIMEOUT_MS 5000
#define LOCK_PAUSE_MS   10
#define DIRECTORY_MODE  0755
#define SOCKET_UMASK    0117

static int make_address(const char *path, struct sockaddr_un *ret, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof(address.sun_path)) {
		return error_set(err, length == 0 ? -EINVAL : -ENAMETOOLONG,
				 "cannot listen at %s: a socket's path has 1 to %zu characters",
				 path, sizeof(address.sun_path) - 1);
	}
	memcpy(address.sun_path, path, length);
	*ret = address;
	return 0;
}

/* A descriptor of path's directory, locked until it is closed. */
static int lock_directory(const char *path, struct error *err)
{
	auto_free char *directory = path_directory(path);
	uint64_t deadline = clock_deadline(LOCK_TIMEOUT_MS);

	if (directory == NULL) {
		return error_no_memory(err);
	}
	int r = file_make_directories(directory, DIRECTORY_MODE, err);

	if (r < 0) {
		return r;
	}
	auto_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		return error_set(err, -errno, "cannot open %s: %s", directory, strerror(errno));
	}
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || clock_left(deadline) == 0) {
			return error_set(err, -errno, "cannot lock %s: %s", directory,
					 strerror(errno));
		}
		(void)poll(NULL, 0, LOCK_PAUSE_MS);
	}
	return take_fd(&fd);
}

/* Removes a socket that nobody listens at. */
static int remove_stale(const struct sockaddr_un *address, struct error *err)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode)) {
		return error_set(err, -EEXIST, "cannot listen at %s: it exists and is not a socket",
				 path);
	}
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* EAGAIN: its queue is full, so somebody owns it. */
	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno == EAGAIN) {
		return error_set(err, -EADDRINUSE, "another daemon listens at %s", path);
	}
	if (errno != ECONNREFUSED || unlink(path) < 0) {
		return error_set(err, -errno, "cannot replace the socket %s: %s", path,
				 strerror(errno));
	}
	return 0;
}

static int try_bind(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(SOCKET_UMASK);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	(void)umask(before);
	return r;
}

static int bind_and_listen(int fd, const struct sockaddr_un *address, struct error *err)
{
	int r = try_bind(fd, address);

	if (r == -EADDRINUSE) {
		r = remove_stale(address, err);
		if (r < 0) {
			return r;
		}
		r = try_bind(fd, address);
	}
	if (r == 0 && listen(fd, BACKLOG) < 0) {
		r = -errno;
	}
	if (r < 0) {
		return error_set(err, r, "cannot listen at %s: %s", address->sun_path,
				 strerror(-r));
	}
	return 0;
}

int listener_open(const char *path, struct listener *ret, struct error *err)
{
	struct sockaddr_un address;
	struct stat st;
	int r = make_address(path, &address, err);

	if (r < 0) {
		return r;
	}
	auto_close int lock = lock_directory(path, err);
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (lock < 0) {
		return lock;
	}
	if (fd < 0) {
		return error_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	}
	r = bind_and_listen(fd, &address, err);
	if (r < 0) {
		return r;
	}
	if (lstat(path, &st) < 0) {
		return error_set(err, -errno, "cannot find the new socket %s: %s", path,
				 strerror(errno));
	}
	struct listener listener = {.fd = -1, .device = st.st_dev, .inode = st.st_ino};

	memcpy(listener.path, address.sun_path, sizeof(listener.path));
	listener.fd = take_fd(&fd);
	*ret = listener;
	return 0;
}

void listener_close(struct listener *listener)
{
	struct stat st;

	if (listener->fd >= 0 && lstat(listener->path, &st) == 0 && st.st_dev == listener->device &&
	    st.st_ino == listener->inode) {
		(void)unlink(listener->path);
	}
	guard_close(&listener->fd);
}
