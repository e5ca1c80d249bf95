/*
 * hostile_server.c - hostile_server.h: one function a mischief, and the table of them.
 */
#include "support/hostile_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scratch.h"

#define LIFE_SECONDS 120
#define REQUEST_MAX  (16u << 10)

/* One request on its connection. */
struct visit {
	int fd;
	struct hostile_counts *counts;
	const char *directory;
	const char *rest; /* of the path, behind the mischief */
	const char *head; /* the request's lines */
	unsigned turn;    /* how often this mischief was asked for before */
	char *body;       /* the file */
	size_t size;
};

static bool send_all(const struct visit *visit, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t sent = send(visit->fd, at, length, MSG_NOSIGNAL);

		if (sent <= 0) {
			return false;
		}
		at += sent;
		length -= (size_t)sent;
	}
	return true;
}

static bool send_body(const struct visit *visit, const void *bytes, size_t length)
{
	visit->counts->body_bytes += length;
	return send_all(visit, bytes, length);
}

__attribute__((format(printf, 2, 3))) static bool say(const struct visit *visit, const char *format,
						      ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	int length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return length > 0 && (size_t)length < sizeof(text) && send_all(visit, text, (size_t)length);
}

/* The value of a request's header, "" when it has none; until the next call. */
static const char *header_of(const struct visit *visit, const char *name)
{
	static char value[1024];
	char start[64];

	(void)snprintf(start, sizeof(start), "\r\n%s: ", name);
	const char *at = strcasestr(visit->head, start);

	value[0] = '\0';
	if (at != NULL) {
		at += strlen(start);
		(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r\n"), at);
	}
	return value;
}

static size_t range_start(const struct visit *visit)
{
	unsigned long start = 0;

	return sscanf(header_of(visit, "Range"), "bytes=%lu-", &start) == 1 ? start : 0;
}

/* 206 for the rest, 200 for the whole, with a validator; length bytes of it are really sent. */
static void serve(const struct visit *visit, size_t start, const char *etag, size_t length)
{
	if (start > 0) {
		(void)say(visit,
			  "HTTP/1.1 206 Partial Content\r\nContent-Length: %zu\r\n"
			  "Content-Range: bytes %zu-%zu/%zu\r\nETag: \"%s\"\r\n\r\n",
			  visit->size - start, start, visit->size - 1, visit->size, etag);
	} else {
		(void)say(visit, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nETag: \"%s\"\r\n\r\n",
			  visit->size, etag);
	}
	(void)send_body(visit, visit->body + start, length);
}

static void plain(const struct visit *visit)
{
	size_t start = range_start(visit);

	serve(visit, start, "one", visit->size - start);
}

static void endless(const struct visit *visit)
{
	static const char block[1u << 16] = {0};

	(void)say(visit, "HTTP/1.1 200 OK\r\n\r\n");
	while (send_body(visit, block, sizeof(block))) {
	}
}

static void endless_chunks(const struct visit *visit)
{
	static const char block[1u << 12] = {0};
	bool goes = say(visit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");

	while (goes) {
		goes = say(visit, "1000\r\n") && send_body(visit, block, sizeof(block)) &&
		       say(visit, "\r\n");
	}
}

/* True when the visitor has gone, false after a second. */
static bool has_gone(const struct visit *visit)
{
	struct pollfd wait = {.fd = visit->fd, .events = POLLIN | POLLRDHUP};

	return poll(&wait, 1, 1000) != 0;
}

static void slow(const struct visit *visit)
{
	(void)say(visit, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", visit->size);
	for (size_t i = 0; i < visit->size; i++) {
		if (!send_body(visit, visit->body + i, 1) || has_gone(visit)) {
			return;
		}
	}
}

static void mute(const struct visit *visit)
{
	while (!has_gone(visit)) {
	}
}

static void truncated(const struct visit *visit)
{
	serve(visit, 0, "one", visit->size / 2);
}

/* Every connection brings half of what is left, four times; then all of it. */
static void cut(const struct visit *visit)
{
	size_t start = range_start(visit);
	size_t left = visit->size - start;

	serve(visit, start, "one", visit->turn < 2 ? left / 2 : left);
}

/* The first half of another file; the second time the validator tells. */
static void replaced(const struct visit *visit)
{
	if (visit->turn == 0) {
		memset(visit->body, 'x', visit->size);
		serve(visit, 0, "old", visit->size / 2);
	} else {
		bool is_same = strcmp(header_of(visit, "If-Range"), "\"one\"") == 0;

		serve(visit, is_same ? range_start(visit) : 0, "one",
		      visit->size - (is_same ? range_start(visit) : 0));
	}
}

/* The first half of another file, and the validator lies. The third time all is well. */
static void spliced(const struct visit *visit)
{
	size_t start = range_start(visit);

	if (visit->turn == 0) {
		memset(visit->body, 'x', visit->size);
		serve(visit, 0, "one", visit->size / 2);
	} else {
		serve(visit, start, "one", visit->size - start);
	}
}

static void says_less(const struct visit *visit)
{
	(void)say(visit, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", visit->size / 2);
	(void)send_body(visit, visit->body, visit->size);
}

static void says_more(const struct visit *visit)
{
	(void)say(visit, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", visit->size + 100);
	(void)send_body(visit, visit->body, visit->size);
}

static void says_huge(const struct visit *visit)
{
	(void)say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n");
	(void)send_body(visit, visit->body, visit->size);
}

static void another_part(const struct visit *visit)
{
	(void)say(visit,
		  "HTTP/1.1 206 Partial Content\r\nContent-Length: %zu\r\n"
		  "Content-Range: bytes 0-%zu/%zu\r\n\r\n",
		  visit->size, visit->size - 1, visit->size);
	(void)send_body(visit, visit->body, visit->size);
}

static void redirect(const struct visit *visit, const char *location)
{
	(void)say(visit, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n",
		  location);
}

static void turn_around(const struct visit *visit)
{
	char location[512];

	(void)snprintf(location, sizeof(location), "/turn-around%s", visit->rest);
	redirect(visit, location);
}

static void to_plain(const struct visit *visit)
{
	char location[512];

	(void)snprintf(location, sizeof(location), "/plain%s", visit->rest);
	redirect(visit, location);
}

static void to_file(const struct visit *visit)
{
	redirect(visit, "file:///etc/passwd");
}

static void to_metadata(const struct visit *visit)
{
	redirect(visit, "http://169.254.169.254/latest/meta-data/");
}

static void to_gopher(const struct visit *visit)
{
	redirect(visit, "gopher://127.0.0.1:70/1");
}

static void to_password(const struct visit *visit)
{
	redirect(visit, "http://me:word@127.0.0.1/");
}

static void to_nowhere(const struct visit *visit)
{
	(void)say(visit, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
}

static void flood(const struct visit *visit)
{
	bool goes = say(visit, "HTTP/1.1 200 OK\r\n");

	for (unsigned i = 0; goes; i++) {
		goes = say(visit, "X-Water-%u: more and more and more and more\r\n", i);
	}
}

static void flood_interim(const struct visit *visit)
{
	while (say(visit, "HTTP/1.1 100 Continue\r\n\r\n")) {
	}
}

static void long_header(const struct visit *visit)
{
	bool goes = say(visit, "HTTP/1.1 200 OK\r\nX-Long: ");

	while (goes) {
		goes = say(visit, "and on and on and on and on and on and on and on and on ");
	}
}

static void control_bytes(const struct visit *visit)
{
	(void)say(visit, "HTTP/1.1 302 Found\r\nLocation: /a\x1b[31m\nb\x7f\r\n\r\n");
}

/* gzip of zeros: 1000 to 1. */
static void bomb(const struct visit *visit)
{
	static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xec, 0xc1};
	static const char zeros[1u << 16] = {0};
	bool goes = say(visit, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n") &&
		    send_body(visit, head, sizeof(head));

	while (goes) {
		goes = send_body(visit, zeros, sizeof(zeros));
	}
}

static void status(const struct visit *visit, const char *line)
{
	(void)say(visit, "HTTP/1.1 %s\r\nContent-Length: 4\r\n\r\nno\r\n", line);
}

static void not_there(const struct visit *visit)
{
	status(visit, "404 Not Found");
}

static void forbidden(const struct visit *visit)
{
	status(visit, "401 Unauthorized");
}

static void broken(const struct visit *visit)
{
	status(visit, "500 Internal Server Error");
}

static void busy_once(const struct visit *visit)
{
	if (visit->turn == 0) {
		status(visit, "503 Service Unavailable");
	} else {
		plain(visit);
	}
}

static void bad_chunks(const struct visit *visit)
{
	(void)say(visit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "10\r\n0123456789abcdef\r\nzz garbage -1\r\n\r\n");
}

static void garbage(const struct visit *visit)
{
	(void)say(visit, "220 mail.example ESMTP ready\r\n\r\n");
}

static void nothing(const struct visit *visit)
{
	(void)visit;
}

static const struct mischief {
	const char *name;
	void (*serve)(const struct visit *visit);
} mischiefs[] = {
	{"plain", plain},
	{"endless", endless},
	{"endless-chunks", endless_chunks},
	{"slow", slow},
	{"mute", mute},
	{"truncated", truncated},
	{"cut", cut},
	{"replaced", replaced},
	{"spliced", spliced},
	{"says-less", says_less},
	{"says-more", says_more},
	{"says-huge", says_huge},
	{"another-part", another_part},
	{"turn-around", turn_around},
	{"to-plain", to_plain},
	{"to-file", to_file},
	{"to-metadata", to_metadata},
	{"to-gopher", to_gopher},
	{"to-password", to_password},
	{"to-nowhere", to_nowhere},
	{"flood", flood},
	{"flood-interim", flood_interim},
	{"long-header", long_header},
	{"control-bytes", control_bytes},
	{"bomb", bomb},
	{"not-there", not_there},
	{"forbidden", forbidden},
	{"broken", broken},
	{"busy-once", busy_once},
	{"bad-chunks", bad_chunks},
	{"garbage", garbage},
	{"nothing", nothing},
};

#define MISCHIEFS (sizeof(mischiefs) / sizeof(mischiefs[0]))

/* An unknown file is an empty one. */
static void read_body(struct visit *visit)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s%s", visit->directory, visit->rest);
	FILE *file = fopen(path, "re");
	size_t length = 0;

	visit->body = NULL;
	visit->size = 0;
	if (file != NULL && fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0) {
		length = (size_t)ftell(file);
		rewind(file);
		visit->body = malloc(length);
		visit->size = visit->body != NULL ? fread(visit->body, 1, length, file) : 0;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
}

static void count(const struct visit *visit)
{
	visit->counts->requests++;
	visit->counts->ranges += header_of(visit, "Range")[0] != '\0';
	visit->counts->authorizations += header_of(visit, "Authorization")[0] != '\0';
	visit->counts->encodings += header_of(visit, "Accept-Encoding")[0] != '\0';
}

static void answer(struct visit *visit, char *path, unsigned turns[MISCHIEFS])
{
	size_t length = strcspn(path + 1, "/");

	visit->rest = path + 1 + length;
	count(visit);
	for (size_t i = 0; i < MISCHIEFS; i++) {
		if (strlen(mischiefs[i].name) == length &&
		    strncmp(mischiefs[i].name, path + 1, length) == 0) {
			visit->turn = turns[i]++;
			read_body(visit);
			mischiefs[i].serve(visit);
			free(visit->body);
			return;
		}
	}
	status(visit, "400 Bad Request");
}

/* A whole request, or the beginning of a TLS handshake. False: neither. */
static bool read_request(int fd, char head[REQUEST_MAX])
{
	size_t length = 0;

	while (length + 1 < REQUEST_MAX) {
		ssize_t got = recv(fd, head + length, REQUEST_MAX - 1 - length, 0);

		if (got <= 0) {
			return false;
		}
		length += (size_t)got;
		head[length] = '\0';
		if (head[0] == 0x16 || strstr(head, "\r\n\r\n") != NULL) {
			return true;
		}
	}
	return false;
}

static void attend(int fd, const char *directory, struct hostile_counts *counts,
		   unsigned turns[MISCHIEFS])
{
	/* A ServerHello that ends behind its first byte. */
	static const char hello[] = {0x16, 3, 3, 0, 0x40, 2};
	static char head[REQUEST_MAX];
	char path[512];
	struct visit visit = {.fd = fd, .directory = directory, .counts = counts, .head = head};

	if (!read_request(fd, head)) {
		return;
	}
	if (head[0] == 0x16) {
		counts->handshakes++;
		(void)send_all(&visit, hello, sizeof(hello));
	} else if (sscanf(head, "GET http://%*[^/]%511s", path) == 1) {
		counts->proxied++;
		answer(&visit, path, turns);
	} else if (sscanf(head, "GET %511s", path) == 1) {
		answer(&visit, path, turns);
	}
}

__attribute__((noreturn)) static void run(int listener, const char *directory,
					  struct hostile_counts *counts)
{
	unsigned turns[MISCHIEFS] = {0};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(LIFE_SECONDS);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0) {
			attend(fd, directory, counts, turns);
			(void)close(fd);
		}
	}
}

struct hostile_server hostile_server_start(const char *directory)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct hostile_server server = {
		.counts = mmap(NULL, sizeof(*server.counts), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0),
	};

	cr_assert(listener >= 0 && server.counts != MAP_FAILED);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 64), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	server.port = ntohs(address.sin_port);
	server.pid = fork();
	cr_assert_geq(server.pid, 0);
	if (server.pid == 0) {
		run(listener, directory, server.counts);
	}
	(void)close(listener);
	return server;
}

void hostile_server_stop(struct hostile_server *server)
{
	(void)kill(server->pid, SIGKILL);
	cr_assert_eq(waitpid(server->pid, NULL, 0), server->pid);
	(void)munmap(server->counts, sizeof(*server->counts));
}
