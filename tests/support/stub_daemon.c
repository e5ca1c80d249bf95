/*
 * stub_daemon.c - a daemon to start and stop in tests: forks into the background, writes its pid
 * file, waits for SIGTERM. Ends by itself after a while, so that a failing test leaves nothing.
 *
 *   stub_daemon start MODE PIDFILE    plain, late (makes PIDFILE.ready after a moment), lazy (makes
 *                                     PIDFILE.begun, and writes PIDFILE after a moment), stubborn
 *                                     (ignores SIGTERM), dies (right after the pid file), refuses
 *                                     (exits with 3 in the foreground)
 *   stub_daemon stop PIDFILE          SIGTERM
 *   stub_daemon stop-badly PIDFILE    SIGTERM, and exits with 4
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIFETIME_S 60

static const struct timespec moment = {.tv_nsec = 100000000};

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		return -1;
	}
	return close(fd);
}

static int make_beside(const char *pid_file, const char *ending)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s%s", pid_file, ending) >= (int)sizeof(path)) {
		return -1;
	}
	return write_file(path, "");
}

static int make_ready(const char *pid_file)
{
	(void)nanosleep(&moment, NULL);
	return make_beside(pid_file, ".ready");
}

static int hesitate(const char *pid_file)
{
	int rc = make_beside(pid_file, ".begun");

	(void)nanosleep(&moment, NULL);
	return rc;
}

static int serve(const char *mode, const char *pid_file)
{
	char text[32];

	(void)setsid();
	(void)alarm(LIFETIME_S);
	if (strcmp(mode, "stubborn") == 0) {
		(void)signal(SIGTERM, SIG_IGN);
	}
	if (strcmp(mode, "lazy") == 0 && hesitate(pid_file) < 0) {
		return EXIT_FAILURE;
	}
	(void)snprintf(text, sizeof(text), "%d\n", getpid());
	if (write_file(pid_file, text) < 0) {
		return EXIT_FAILURE;
	}
	if (strcmp(mode, "dies") == 0) {
		(void)fputs("cannot open the socket\n", stderr);
		return EXIT_FAILURE;
	}
	if (strcmp(mode, "late") == 0 && make_ready(pid_file) < 0) {
		return EXIT_FAILURE;
	}
	for (;;) {
		(void)pause();
	}
}

static int start(const char *mode, const char *pid_file)
{
	if (strcmp(mode, "refuses") == 0) {
		(void)fputs("first line\nthe port is taken\n", stderr);
		return 3;
	}
	pid_t pid = fork();

	if (pid == 0) {
		exit(serve(mode, pid_file));
	}
	return pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int stop(const char *pid_file)
{
	FILE *file = fopen(pid_file, "re");
	char text[32] = "";

	if (file == NULL) {
		return EXIT_FAILURE;
	}
	(void)!fgets(text, sizeof(text), file);
	(void)fclose(file);
	long pid = strtol(text, NULL, 10);

	return pid > 1 && kill((pid_t)pid, SIGTERM) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "start") == 0) {
		return start(argv[2], argv[3]);
	}
	if (argc == 3 && strcmp(argv[1], "stop") == 0) {
		return stop(argv[2]);
	}
	if (argc == 3 && strcmp(argv[1], "stop-badly") == 0) {
		return stop(argv[2]) == EXIT_SUCCESS ? 4 : EXIT_FAILURE;
	}
	return 64;
}
