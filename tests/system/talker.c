/*
 * talker.c - a daemon that systemd starts for a connection (sd_listen_fds(3)) and that answers each
 * with the version of its label; --version: prints it.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "samples/label.h"

#define LISTEN_FD 3

static void say_ready(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (name != NULL && fd >= 0 && strlen(name) < sizeof(address.sun_path)) {
		(void)strcpy(address.sun_path, name);
		if (address.sun_path[0] == '@') {
			address.sun_path[0] = '\0';
		}
		(void)sendto(fd, "READY=1", strlen("READY=1"), 0, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
	}
	(void)close(fd);
}

static volatile sig_atomic_t is_over;

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

/* What was accepted is answered, whatever else happens. */
static void answer_all(const char *version)
{
	/* Without SA_RESTART, so that accept() ends. */
	const struct sigaction action = {.sa_handler = end};

	(void)sigaction(SIGTERM, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	while (is_over == 0) {
		int fd = accept(LISTEN_FD, NULL, NULL);

		if (fd >= 0) {
			(void)!write(fd, version, strlen(version));
			(void)close(fd);
		}
	}
}

int main(int argc, char **argv)
{
	struct label label;
	struct error err;

	if (label_read(&label, &err) < 0) {
		return 1;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)puts(label.version);
		return 0;
	}
	if (getenv("LISTEN_FDS") == NULL) {
		(void)fputs("talker: no socket was handed over\n", stderr);
		return 1;
	}
	say_ready();
	answer_all(label.version);
	return 0;
}
