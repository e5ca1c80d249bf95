/*
 * web_server.h - Debian's nginx, on two ports of 127.0.0.1: http and https.
 *
 * Its ports are reserved before it runs, so that others can name them, and it has opened them when
 * web_server_start() returns. It is one process, which the kernel ends with the test. It serves the
 * files below a directory; rules add to that.
 */
#ifndef SUPPORT_WEB_SERVER_H
#define SUPPORT_WEB_SERVER_H

#include <stdbool.h>

#include "base/process.h"

struct web_server {
	struct process process;
	char *home;      /* its configuration and logs */
	int reserved[2]; /* sockets that keep the ports ours */
	int http_port;
	int https_port;
};

/* Ports first, since others want to name them; home is made. */
struct web_server web_server_prepare(const char *home);

/* certificate, key: PEM files for https. rules: more lines for both servers, may be NULL. */
void web_server_start(struct web_server *server, const char *directory, const char *certificate,
		      const char *key, const char *rules);

/* Stops it and returns everything that was asked for, one line each: scheme, path, status, bytes
 * sent, and the Authorization header ("-": none). The caller frees it. */
char *web_server_stop(struct web_server *server);

/* False where nginx is not installed: the test is skipped. */
bool web_server_is_there(void);

#endif
