/*
 * listener.h - the daemon's socket: one living daemon at a path, and nothing left there by it.
 */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include <sys/types.h>

#include "base/error.h"

/* unix(7), sun_path, with the NUL */
#define LISTENER_PATH_SIZE 108

struct listener {
	int fd;
	char path[LISTENER_PATH_SIZE];
	dev_t device; /* the socket we made, so that only it is removed */
	ino_t inode;
};

#define LISTENER_INIT                                                                              \
	{                                                                                          \
		.fd = -1                                                                           \
	}
#define auto_listener __attribute__((cleanup(listener_close)))

/*
 * Listens at path (mode 0660), making its directory. A socket that nobody answers at is replaced.
 * -EADDRINUSE: another daemon answers there; -EEXIST: something else than a socket is there;
 * -ENAMETOOLONG: longer than a socket's name can be.
 */
MUST_CHECK int listener_open(const char *path, struct listener *ret, struct error *err);
void listener_close(struct listener *listener);

#endif
