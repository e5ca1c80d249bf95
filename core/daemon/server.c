/*
 * server.c - server.h: the poll loop.
 *
 * A client has one reply in flight: nothing more is read from it until that was taken, so that its
 * memory is bounded by one request and one reply.
 */
#include "daemon/server.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "daemon/reply.h"

#define CLIENTS         32
#define IDLE_TIMEOUT_MS 30000
#define ACCEPT_PAUSE_MS 100
#define CHUNK           4096

struct client {
	int fd; /* -1: free */
	struct buffer input;
	struct buffer output;
	size_t sent;
	bool is_last;      /* to be closed when the reply is out */
	uint64_t deadline; /* when it counts as silent */
};

enum {
	SIGNALS,
	LISTENER,
	FIRST_CLIENT,
	POLLED = FIRST_CLIENT + CLIENTS
};

struct server {
	const struct daemon_release *release;
	struct client clients[CLIENTS];
};

static void drop(struct client *client)
{
	guard_close(&client->fd);
	buffer_finish(&client->input);
	buffer_finish(&client->output);
}

static void drop_all(struct server *server)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		drop(&server->clients[i]);
	}
}

/* A free place; when there is none, the longest silent client's. */
static struct client *make_place(struct server *server)
{
	struct client *oldest = &server->clients[0];

	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *client = &server->clients[i];

		if (client->fd < 0) {
			return client;
		}
		if (client->deadline < oldest->deadline) {
			oldest = client;
		}
	}
	drop(oldest);
	return oldest;
}

static void admit(struct server *server, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* Out of descriptors: the caller stays in the queue, and we do not spin. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			(void)poll(NULL, 0, ACCEPT_PAUSE_MS);
		}
		return;
	}
	*make_place(server) = (struct client){
		.fd = fd,
		.input = BUFFER_INIT(LIMIT_REQUEST),
		.output = BUFFER_INIT(LIMIT_REQUEST),
		.deadline = clock_deadline(IDLE_TIMEOUT_MS),
	};
}

static void forget_line(struct buffer *input, size_t length)
{
	input->length -= length;
	memmove(input->data, input->data + length, input->length);
}

/* Replies to the next whole line, if there is one. */
static int answer_next(const struct daemon_release *release, struct client *client)
{
	struct buffer *input = &client->input;
	const char *end = input->length > 0 ? memchr(input->data, '\n', input->length) : NULL;

	if (end != NULL) {
		size_t length = (size_t)(end - input->data);
		int r = reply_to(release, input->data, length, &client->output);

		forget_line(input, length + 1);
		return r;
	}
	if (input->length == LIMIT_REQUEST) {
		client->is_last = true;
		return reply_too_long(&client->output);
	}
	return 0;
}

/* 0 also when the socket takes no more for now. */
static int send_reply(struct client *client)
{
	while (client->sent < client->output.length) {
		ssize_t sent = send(client->fd, client->output.data + client->sent,
				    client->output.length - client->sent, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR) {
			continue;
		}
		if (sent < 0) {
			return errno == EAGAIN ? 0 : -errno;
		}
		client->sent += (size_t)sent;
		client->deadline = clock_deadline(IDLE_TIMEOUT_MS);
	}
	buffer_clear(&client->output);
	client->sent = 0;
	return client->is_last ? -ESHUTDOWN : 0;
}

/* Replies until there is no whole line left, or the client does not take its reply. */
static int answer_all(const struct daemon_release *release, struct client *client)
{
	int r = send_reply(client);

	while (r == 0 && client->output.length == 0) {
		r = answer_next(release, client);
		if (r < 0 || client->output.length == 0) {
			return r;
		}
		r = send_reply(client);
	}
	return r;
}

static int receive(struct client *client)
{
	char chunk[CHUNK];
	size_t room = LIMIT_REQUEST - client->input.length;
	ssize_t got = recv(client->fd, chunk, room < sizeof(chunk) ? room : sizeof(chunk), 0);

	if (got < 0) {
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	if (got == 0) {
		return -ESHUTDOWN;
	}
	client->deadline = clock_deadline(IDLE_TIMEOUT_MS);
	return buffer_add(&client->input, chunk, (size_t)got);
}

static void attend(const struct daemon_release *release, struct client *client, short events)
{
	int r = 0;

	if ((events & POLLIN) != 0) {
		r = receive(client);
	} else if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
		r = -ESHUTDOWN;
	}
	if (r == 0) {
		r = answer_all(release, client);
	}
	if (r < 0) {
		drop(client);
	}
}

static void drop_silent(struct server *server)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		if (server->clients[i].fd >= 0 && clock_left(server->clients[i].deadline) == 0) {
			drop(&server->clients[i]);
		}
	}
}

/* Fills in what to wait for; returns how long. */
static int prepare(struct server *server, struct pollfd polled[POLLED])
{
	int wait = -1;

	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *client = &server->clients[i];
		bool has_reply = client->output.length > 0;

		polled[FIRST_CLIENT + i] = (struct pollfd){
			.fd = client->fd,
			.events = has_reply ? POLLOUT : POLLIN,
		};
		if (client->fd >= 0) {
			int left = clock_left(client->deadline);

			wait = wait < 0 || left < wait ? left : wait;
		}
	}
	return wait;
}

static int serve(struct server *server, int listener, int signals, struct error *err)
{
	struct pollfd polled[POLLED] = {
		[SIGNALS] = {.fd = signals, .events = POLLIN},
		[LISTENER] = {.fd = listener, .events = POLLIN},
	};

	for (;;) {
		int wait = prepare(server, polled);

		if (poll(polled, POLLED, wait) < 0) {
			if (errno == EINTR) {
				continue;
			}
			return error_set(err, -errno, "cannot wait for clients: %s",
					 strerror(errno));
		}
		if (polled[SIGNALS].revents != 0) {
			return 0;
		}
		for (size_t i = 0; i < CLIENTS; i++) {
			if (polled[FIRST_CLIENT + i].revents != 0) {
				attend(server->release, &server->clients[i],
				       polled[FIRST_CLIENT + i].revents);
			}
		}
		drop_silent(server);
		if (polled[LISTENER].revents != 0) {
			admit(server, listener);
		}
	}
}

int server_run(const struct daemon_release *release, int listener, int signals, struct error *err)
{
	struct server server = {.release = release};

	for (size_t i = 0; i < CLIENTS; i++) {
		server.clients[i].fd = -1;
	}
	int r = serve(&server, listener, signals, err);

	drop_all(&server);
	return r;
}
