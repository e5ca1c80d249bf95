/*
 * ask.c - ask.h: nothing in here blocks but poll(2), and that not past the deadline.
 */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"

#define QUESTION "{\"method\":\"operations.list\"}\n"

static int await(int fd, short events, uint64_t deadline, const char *path, struct error *err)
{
	struct pollfd one = {.fd = fd, .events = events};
	int rc = poll(&one, 1, clock_left(deadline));

	if (rc < 0) {
		return error_set(err, -errno, "cannot wait for %s: %s", path, strerror(errno));
	}
	return rc > 0 ? 0
		      : error_set(err, -ETIMEDOUT, "the daemon at %s does not answer in time",
				  path);
}

static int connect_to(const char *path, int *ret, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		return error_set(err, -ENAMETOOLONG, "%s is too long for a socket's path", path);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	/* A Unix socket connects at once, or its queue is full (EAGAIN). */
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		return error_set(err, -errno, "cannot ask the daemon at %s: %s", path,
				 strerror(errno));
	}
	*ret = take_fd(&fd);
	return 0;
}

/* The question is shorter than any socket's buffer. */
static int send_question(int fd, const char *path, struct error *err)
{
	ssize_t sent = send(fd, QUESTION, strlen(QUESTION), MSG_NOSIGNAL);

	return sent == (ssize_t)strlen(QUESTION)
		       ? 0
		       : error_set(err, sent < 0 ? -errno : -EIO, "cannot ask the daemon at %s: %s",
				   path, sent < 0 ? strerror(errno) : "cut short");
}

/* Appends what is there. 1: the line has ended. */
static int take(int fd, const char *path, struct buffer *reply, struct error *err)
{
	char bytes[4096];
	ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

	if (got < 0 && errno != EAGAIN) {
		return error_set(err, -errno, "cannot read from %s: %s", path, strerror(errno));
	}
	if (got == 0) {
		return error_set(err, -EPROTO, "the daemon at %s hung up without an answer", path);
	}
	if (got < 0) {
		return 0;
	}
	const char *end = memchr(bytes, '\n', (size_t)got);
	size_t length = end != NULL ? (size_t)(end - bytes) : (size_t)got;

	if (buffer_add(reply, bytes, length) < 0) {
		return error_set(err, -E2BIG, "the answer of %s is too long", path);
	}
	return end != NULL;
}

int ask_socket(const char *path, uint64_t deadline, struct buffer *reply, struct error *err)
{
	auto_close int fd = -1;
	int rc = connect_to(path, &fd, err);

	if (rc == 0) {
		rc = send_question(fd, path, err);
	}
	while (rc == 0) {
		rc = await(fd, POLLIN, deadline, path, err);
		rc = rc < 0 ? rc : take(fd, path, reply, err);
	}
	return rc < 0 ? rc : 0;
}
