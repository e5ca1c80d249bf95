/*
 * web_server.c - web_server.h.
 */
#include "support/web_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "support/scratch.h"

#define NGINX "/usr/sbin/nginx"

bool web_server_is_there(void)
{
	return access(NGINX, X_OK) == 0;
}

/* A port that is ours and nobody else's: bound, not listened to. nginx may bind it, too, since it
 * asks for the same (SO_REUSEPORT, socket(7)) and is of the same user. */
static int reserve_port(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	cr_assert_geq(fd, 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* True once somebody listens there. */
static bool is_open(int port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons((uint16_t)port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	bool is_connected = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

	(void)close(fd);
	return is_connected;
}

static void wait_until_open(const struct web_server *server)
{
	struct pollfd ended = {.fd = server->process.pidfd, .events = POLLIN};

	for (unsigned i = 0; !is_open(server->http_port) || !is_open(server->https_port); i++) {
		cr_assert_eq(poll(&ended, 1, 10), 0, "nginx ended: see %s/errors", server->home);
		cr_assert_lt(i, 2000, "nginx opens no port");
	}
}

struct web_server web_server_prepare(const char *home)
{
	struct web_server server = {.process = {.pidfd = -1}, .home = strdup(home)};

	scratch_directory(home);
	server.reserved[0] = reserve_port(&server.http_port);
	server.reserved[1] = reserve_port(&server.https_port);
	return server;
}

static void write_configuration(const struct web_server *server, const char *path,
				const char *directory, const char *certificate, const char *key,
				const char *rules)
{
	struct buffer text = BUFFER_INIT(64u << 10);
	int rc = buffer_add_format(
		&text,
		"daemon off;\nmaster_process off;\npid %s/pid;\nerror_log %s/errors;\n"
		"events { worker_connections 64; }\nhttp {\nlog_format asked "
		"'$scheme $uri $status $bytes_sent $http_authorization';\n"
		"access_log %s/asked asked;\nclient_body_temp_path %s/body;\n"
		"proxy_temp_path %s/proxy;\nfastcgi_temp_path %s/fastcgi;\n"
		"uwsgi_temp_path %s/uwsgi;\nscgi_temp_path %s/scgi;\n",
		server->home, server->home, server->home, server->home, server->home, server->home,
		server->home, server->home);

	cr_assert_eq(rc, 0);
	rc = buffer_add_format(&text,
			       "server {\nlisten 127.0.0.1:%d reuseport;\nroot \"%s\";\n%s\n}\n"
			       "server {\nlisten 127.0.0.1:%d ssl reuseport;\nssl_certificate %s;\n"
			       "ssl_certificate_key %s;\nroot \"%s\";\n%s\n}\n}\n",
			       server->http_port, directory, rules != NULL ? rules : "",
			       server->https_port, certificate, key, directory,
			       rules != NULL ? rules : "");
	cr_assert_eq(rc, 0);
	scratch_write(path, buffer_text(&text));
	buffer_finish(&text);
}

void web_server_start(struct web_server *server, const char *directory, const char *certificate,
		      const char *key, const char *rules)
{
	char *path = path_join(server->home, "nginx.conf");
	const char *const argv[] = {NGINX, "-e", "stderr", "-c", path, NULL};
	const struct process_options options = {.argv = argv};
	struct error err;

	write_configuration(server, path, directory, certificate, key, rules);
	cr_assert_eq(process_spawn(&options, &server->process, &err), 0, "%s", err.text);
	wait_until_open(server);
	free(path);
}

char *web_server_stop(struct web_server *server)
{
	char *path = path_join(server->home, "asked");

	/* It ends by itself on SIGTERM, with its log complete. */
	process_kill(&server->process);
	(void)close(server->reserved[0]);
	(void)close(server->reserved[1]);
	char *text = scratch_exists(path) ? scratch_read(path) : strdup("");

	free(path);
	free(server->home);
	server->home = NULL;
	return text;
}
