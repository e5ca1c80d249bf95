/*
 * client.c - client.h: a process of its own, that reports over a pipe when it is told to stop.
 */
#include "system/client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flow/world_parts.h"

static volatile sig_atomic_t is_over;

static void stop(int signal)
{
	(void)signal;
	is_over = 1;
}

static long now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static int connect_to(const struct sockaddr_un *address)
{
	const struct timeval patience = {.tv_sec = 30};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		int code = errno;

		(void)close(fd);
		errno = code;
		return -1;
	}
	return fd;
}

static ssize_t converse(int fd, const char *request, char *answer, size_t size)
{
	if (request != NULL && send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		return -1;
	}
	return recv(fd, answer, size, 0);
}

static void note_answer(struct seen *seen, const char *answer, long began, long *last)
{
	long now = now_us();

	if (strstr(answer, "0.1.0") != NULL) {
		seen->old++;
	} else {
		seen->new ++;
	}
	seen->longest_wait_us =
		now - began > seen->longest_wait_us ? now - began : seen->longest_wait_us;
	seen->longest_gap_us =
		now - *last > seen->longest_gap_us ? now - *last : seen->longest_gap_us;
	*last = now;
}

static void ask_once(const struct sockaddr_un *address, const char *request, struct seen *seen,
		     long *last)
{
	long began = now_us();
	char answer[128] = "";
	int fd = connect_to(address);

	if (fd < 0) {
		seen->refused += errno != EINTR;
		return;
	}
	ssize_t length = converse(fd, request, answer, sizeof(answer) - 1);

	if (length > 0) {
		note_answer(seen, answer, began, last);
	} else {
		seen->unanswered += !(length < 0 && errno == EINTR);
	}
	(void)close(fd);
}

__attribute__((noreturn)) static void be_client(const char *path, const char *request, int report)
{
	const struct sigaction action = {.sa_handler = stop};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct seen seen = {0};
	long last = now_us();

	(void)sigaction(SIGTERM, &action, NULL);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	while (is_over == 0) {
		ask_once(&address, request, &seen, &last);
		(void)usleep(1000);
	}
	(void)!write(report, &seen, sizeof(seen));
	_exit(0);
}

struct client client_start(const struct machine *machine, const char *path, const char *request)
{
	struct client client;
	char outside[96];
	int ends[2];

	(void)snprintf(outside, sizeof(outside), "/proc/%d/root%s", (int)machine->leader, path);
	must(pipe(ends) == 0);
	client.pid = fork();
	if (client.pid == 0) {
		be_client(outside, request, ends[1]);
	}
	must(client.pid > 0 && close(ends[1]) == 0);
	client.report = ends[0];
	return client;
}

struct seen client_stop(struct client *client)
{
	struct seen seen = {0};

	must(kill(client->pid, SIGTERM) == 0);
	must(read(client->report, &seen, sizeof(seen)) == (ssize_t)sizeof(seen));
	must(waitpid(client->pid, NULL, 0) == client->pid);
	(void)close(client->report);
	*client = (struct client){0};
	return seen;
}

void client_end(struct client *client)
{
	if (client->pid > 0) {
		(void)kill(client->pid, SIGKILL);
		(void)waitpid(client->pid, NULL, 0);
		(void)close(client->report);
	}
	*client = (struct client){0};
}
