/*
 * daemon_fixture.c - daemon_fixture.h: bangerd as a real process.
 */
#include "daemon_fixture.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/process.h"

#define PATIENCE_S 20

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	cr_assert_lt(strlen(path), sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	return address;
}

static void lose_patience(int fd)
{
	struct timeval limit = {.tv_sec = PATIENCE_S};

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
}

static int listen_for_manager(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	lose_patience(fd);
	return fd;
}

static void become(const struct test_daemon *daemon, const struct daemon_release *release)
{
	char program[] = BANGERD;
	char database[] = "--database";
	char socket[] = "--socket";
	char *argv[] = {program, database, daemon->database, socket, daemon->socket, NULL};

	alarm(3 * PATIENCE_S);
	if (release == NULL) {
		(void)execv(program, argv);
		_exit(127);
	}
	_exit(bangerd_main(5, argv, release));
}

struct test_daemon daemon_start(const struct scratch *scratch, const struct daemon_release *release)
{
	char *manager = scratch_path(scratch, "manager.sock");
	struct test_daemon daemon = {
		.database = scratch_path(scratch, "state.db"),
		.socket = scratch_path(scratch, "bangerd.sock"),
		.manager_path = manager,
		.manager = listen_for_manager(manager),
	};

	cr_assert_eq(setenv("NOTIFY_SOCKET", manager, 1), 0);
	daemon.pid = fork();
	cr_assert_geq(daemon.pid, 0);
	if (daemon.pid == 0) {
		become(&daemon, release);
	}
	cr_assert_eq(unsetenv("NOTIFY_SOCKET"), 0);
	auto_free char *state = daemon_told(&daemon);

	cr_assert_str_eq(state, "READY=1");
	return daemon;
}

char *daemon_told(const struct test_daemon *daemon)
{
	char text[256];
	ssize_t length = recv(daemon->manager, text, sizeof(text) - 1, 0);

	cr_assert_gt(length, 0, "the daemon did not tell the manager anything");
	text[length] = '\0';
	return strdup(text);
}

int daemon_end(struct test_daemon *daemon, int signal)
{
	int status = 0;

	cr_assert_eq(kill(daemon->pid, signal), 0);
	cr_assert_eq(waitpid(daemon->pid, &status, 0), daemon->pid);
	close(daemon->manager);
	cr_assert_eq(unlink(daemon->manager_path), 0);
	free(daemon->manager_path);
	free(daemon->database);
	free(daemon->socket);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int daemon_connect(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	lose_patience(fd);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

char *daemon_line(int fd)
{
	char line[8192];
	size_t length = 0;

	while (length < sizeof(line) - 1) {
		ssize_t got = recv(fd, line + length, 1, 0);

		cr_assert(got >= 0 || errno == ECONNRESET, "no answer: %s", strerror(errno));
		if (got <= 0) {
			return NULL;
		}
		if (line[length] == '\n') {
			break;
		}
		length++;
	}
	line[length] = '\0';
	return strdup(line);
}

char *daemon_ask(const char *path, const char *text)
{
	auto_close int fd = daemon_connect(path);

	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	return daemon_line(fd);
}

int program_run(const char *const *argv, char **ret)
{
	struct process_options options = {.argv = argv};
	auto_process_result struct process_result result = {0};
	struct error err;

	cr_assert_eq(process_run_options(&options, PATIENCE_S * 1000, &result, &err), 0, "%s",
		     err.text);
	cr_assert_eq(result.status.signal, 0, "died of %d", result.status.signal);
	cr_assert_not(result.status.timed_out);
	if (ret != NULL) {
		cr_assert_geq(asprintf(ret, "%s%s", buffer_text(&result.output),
				       buffer_text(&result.errors)),
			      0);
	}
	return result.status.exit_code;
}
