/*
 * web_server.c - web_server.h.
 */
#include "support/web_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
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

static int listen_somewhere(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 64), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

struct web_server web_server_prepare(const char *home)
{
	struct web_server server = {.process = {.pidfd = -1}, .home = strdup(home)};

	scratch_directory(home);
	server.sockets[0] = listen_somewhere(&server.http_port);
	server.sockets[1] = listen_somewhere(&server.https_port);
	return server;
}

static void write_configuration(const struct web_server *server, const char *path,
				const char *directory, const char *certificate, const char *key,
				const char *rules)
{
	struct buffer text = BUFFER_INIT(64u << 10);
	int rc = buffer_add_format(
		&text,
		"daemon off;\nworker_processes 1;\n%spid %s/pid;\nerror_log %s/errors;\n"
		"events { worker_connections 64; }\nhttp {\nlog_format asked "
		"'$scheme $uri $status $bytes_sent $http_authorization';\n"
		"access_log %s/asked asked;\nclient_body_temp_path %s/body;\n"
		"proxy_temp_path %s/proxy;\nfastcgi_temp_path %s/fastcgi;\n"
		"uwsgi_temp_path %s/uwsgi;\nscgi_temp_path %s/scgi;\n",
		geteuid() == 0 ? "user root;\n" : "", server->home, server->home, server->home,
		server->home, server->home, server->home, server->home, server->home);

	cr_assert_eq(rc, 0);
	rc = buffer_add_format(&text,
			       "server {\nlisten 127.0.0.1:%d;\nroot \"%s\";\n%s\n}\n"
			       "server {\nlisten 127.0.0.1:%d ssl;\nssl_certificate %s;\n"
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
	static const char *const environment[] = {"NGINX=5;6;", NULL};
	char *path = path_join(server->home, "nginx.conf");
	const char *const argv[] = {NGINX, "-e", "stderr", "-c", path, NULL};
	const struct process_fd fds[] = {{server->sockets[0], 5}, {server->sockets[1], 6}};
	const struct process_options options = {
		.argv = argv, .environment = environment, .fds = fds, .fd_count = 2};
	struct error err;

	write_configuration(server, path, directory, certificate, key, rules);
	cr_assert_eq(process_spawn(&options, &server->process, &err), 0, "%s", err.text);
	(void)close(server->sockets[0]);
	(void)close(server->sockets[1]);
	free(path);
}

char *web_server_stop(struct web_server *server)
{
	char *path = path_join(server->home, "asked");

	/* It ends by itself on SIGTERM, with its log complete. */
	process_kill(&server->process);
	char *text = scratch_exists(path) ? scratch_read(path) : strdup("");

	free(path);
	free(server->home);
	server->home = NULL;
	return text;
}
