/*
 * notify.c - notify.h: one datagram to a path or an abstract socket (sd_notify(3), Notes).
 */
#include "daemon/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/guard.h"

static int parse_address(const char *name, struct sockaddr_un *ret, socklen_t *ret_length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length < 2 ||
	    length >= sizeof(address.sun_path)) {
		return -EINVAL;
	}
	memcpy(address.sun_path, name, length);
	if (name[0] == '@') {
		address.sun_path[0] = '\0';
	}
	*ret = address;
	*ret_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return 0;
}

int notify_send(const char *state, struct error *err)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t length = 0;

	if (name == NULL || name[0] == '\0') {
		return 0;
	}
	if (parse_address(name, &address, &length) < 0) {
		return error_set(err, -EINVAL, "NOTIFY_SOCKET is no Unix socket: %s", name);
	}
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
			     (const struct sockaddr *)&address, length) < 0) {
		return error_set(err, -errno, "cannot send %s to %s: %s", state, name,
				 strerror(errno));
	}
	return 0;
}
