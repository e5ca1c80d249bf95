/*
 * hostile_server.h - a web server of the test's own, on 127.0.0.1, that does what it must not.
 *
 * A request for /MISCHIEF/PATH is answered with the file PATH below a directory and in the way that
 * MISCHIEF says (the table in hostile_server.c). It is one forked process with one thread; it ends
 * with the test, after two minutes, or when it is stopped. Whoever speaks TLS to it sees the
 * connection closed in the middle of the handshake; as a proxy for http it answers for every host.
 */
#ifndef SUPPORT_HOSTILE_SERVER_H
#define SUPPORT_HOSTILE_SERVER_H

#include <stdint.h>
#include <sys/types.h>

/* Counted by the server while it works, seen by the test. */
struct hostile_counts {
	unsigned requests;
	unsigned ranges;         /* that asked for a part */
	unsigned authorizations; /* that had an Authorization header */
	unsigned encodings;      /* … Accept-Encoding */
	unsigned handshakes;     /* TLS, cut off */
	unsigned proxied;        /* asked as a proxy is */
	uint64_t body_bytes;     /* sent behind headers */
};

struct hostile_server {
	pid_t pid;
	int port;
	struct hostile_counts *counts;
};

struct hostile_server hostile_server_start(const char *directory);
void hostile_server_stop(struct hostile_server *server);

#endif
