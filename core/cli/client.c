/*
 * client.c - client.h: connect, one line there, one line back, all before one deadline.
 */
#include "cli/client.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"

#define PAUSE_MS 10
#define CHUNK    4096

static void release_json(json_t **value)
{
	json_decref(*value);
}

#define auto_json __attribute__((cleanup(release_json)))

/* A full queue gives EAGAIN at once, however the socket is set (connect(2) of AF_UNIX). */
static int connect_before(int fd, const struct sockaddr_un *address, uint64_t deadline)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			return -errno;
		}
		if (clock_left(deadline) == 0) {
			return -ETIMEDOUT;
		}
		(void)poll(NULL, 0, PAUSE_MS);
	}
	return 0;
}

static int connect_to(const char *path, uint64_t deadline, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof(address.sun_path)) {
		return error_set(err, -ENAMETOOLONG,
				 "cannot connect to %s: no socket has this name", path);
	}
	memcpy(address.sun_path, path, length);
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fd < 0 ? -errno : connect_before(fd, &address, deadline);

	if (r < 0) {
		return error_set(err, r, "cannot connect to %s: %s", path, strerror(-r));
	}
	return take_fd(&fd);
}

static int wait_for(int fd, short event, uint64_t deadline)
{
	struct pollfd polled = {.fd = fd, .events = event};
	int left = clock_left(deadline);

	while (left > 0) {
		int ready = poll(&polled, 1, left);

		if (ready > 0) {
			return 0;
		}
		if (ready < 0 && errno != EINTR) {
			return -errno;
		}
		left = clock_left(deadline);
	}
	return -ETIMEDOUT;
}

static int send_all(int fd, const char *text, size_t length, uint64_t deadline)
{
	while (length > 0) {
		int r = wait_for(fd, POLLOUT, deadline);

		if (r < 0) {
			return r;
		}
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			return -errno;
		}
		if (sent > 0) {
			text += sent;
			length -= (size_t)sent;
		}
	}
	return 0;
}

static int receive_line(int fd, struct buffer *into, uint64_t deadline)
{
	char chunk[CHUNK];

	while (strchr(buffer_text(into), '\n') == NULL) {
		int r = wait_for(fd, POLLIN, deadline);

		if (r < 0) {
			return r;
		}
		ssize_t got = recv(fd, chunk, sizeof(chunk), 0);

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			continue;
		}
		if (got <= 0) {
			return got == 0 ? -ECONNRESET : -errno;
		}
		r = buffer_add(into, chunk, (size_t)got);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int exchange(const char *path, const char *method, uint64_t deadline, struct buffer *reply,
		    struct error *err)
{
	auto_buffer struct buffer request = BUFFER_INIT(LIMIT_REQUEST);

	if (buffer_add_format(&request, "{\"method\":\"%s\"}\n", method) < 0) {
		return error_no_memory(err);
	}
	auto_close int fd = connect_to(path, deadline, err);

	if (fd < 0) {
		return fd;
	}
	int r = send_all(fd, request.data, request.length, deadline);

	if (r == 0) {
		r = receive_line(fd, reply, deadline);
	}
	if (r < 0) {
		return error_set(err, r, "no answer to %s from %s: %s", method, path, strerror(-r));
	}
	return 0;
}

static int read_result(const json_t *reply, const char *method, char **ret, struct error *err)
{
	const char *result = json_string_value(json_object_get(reply, "result"));
	const char *wrong =
		json_string_value(json_object_get(json_object_get(reply, "error"), "text"));

	if (wrong != NULL) {
		error_set(err, -EREMOTEIO, "the daemon answers to %s: %s", method, wrong);
		text_sanitize(err->text);
		return err->code;
	}
	if (result == NULL) {
		return error_set(err, -EPROTO, "the daemon's answer to %s is not understood",
				 method);
	}
	*ret = strdup(result);
	return *ret != NULL ? 0 : error_no_memory(err);
}

int client_ask(const char *socket, const char *method, uint64_t deadline, char **ret,
	       struct error *err)
{
	auto_buffer struct buffer reply = BUFFER_INIT(LIMIT_REQUEST);
	int r = exchange(socket, method, deadline, &reply, err);

	if (r < 0) {
		return r;
	}
	auto_json json_t *root = json_loadb(reply.data, reply.length, JSON_REJECT_DUPLICATES, NULL);

	return read_result(root, method, ret, err);
}
