/*
 * daemon_fixture.h - a bangerd for tests: started, waited for until it says READY=1, asked,
 * stopped.
 */
#ifndef UNIT_DAEMON_FIXTURE_H
#define UNIT_DAEMON_FIXTURE_H

#include <sys/types.h>

#include "daemon/daemon.h"
#include "support/scratch.h"

struct test_daemon {
	char *database; /* SCRATCH/state.db */
	char *socket;   /* SCRATCH/bangerd.sock */
	char *manager_path;
	int manager; /* what NOTIFY_SOCKET leads to */
	pid_t pid;
};

/* release NULL: the product's program from the build tree. */
struct test_daemon daemon_start(const struct scratch *scratch,
				const struct daemon_release *release);

/* Sends signal, returns the exit code or 128 + the signal it died of; frees everything. */
int daemon_end(struct test_daemon *daemon, int signal);

/* The next thing it tells the service manager; the caller frees it. */
char *daemon_told(const struct test_daemon *daemon);

/* A connected socket whose reads and writes give up after a while. */
int daemon_connect(const char *socket);

/* One line from fd without its newline, NULL when the other side closed. The caller frees it. */
char *daemon_line(int fd);

/* Sends text on a connection of its own and gives the first line back. The caller frees it. */
char *daemon_ask(const char *socket, const char *text);

/* Runs the product's program; its exit code. *ret (may be NULL) is what it printed. */
int program_run(const char *const *argv, char **ret);

#define BANGERD BANGER_BUILD_DIR "/core/daemon/bangerd"
#define BANGER  BANGER_BUILD_DIR "/core/cli/banger"

#endif
