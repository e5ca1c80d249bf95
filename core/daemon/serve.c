/*
 * serve.c - serve.h: start and stop in order, each step undone by its guard.
 */
#include "daemon/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/file.h"
#include "base/guard.h"
#include "daemon/listener.h"
#include "daemon/notify.h"
#include "daemon/server.h"

#define DIRECTORY_MODE 0700

/* SIGTERM and SIGINT as something to read: a stop in the middle of a migration waits for its end.
 */
static int catch_signals(struct error *err)
{
	sigset_t stopping;

	(void)sigemptyset(&stopping);
	(void)sigaddset(&stopping, SIGTERM);
	(void)sigaddset(&stopping, SIGINT);
	int fd = sigprocmask(SIG_BLOCK, &stopping, NULL) == 0
			 ? signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK)
			 : -1;

	return fd >= 0 ? fd
		       : error_set(err, -errno, "cannot wait for signals: %s", strerror(errno));
}

static int open_state(const struct daemon_release *release, const char *path, sqlite3 **ret,
		      struct error *err)
{
	const struct store_options options = {.path = path, .migrations = release->migrations};
	auto_free char *directory = path_directory(path);

	if (directory == NULL) {
		return error_no_memory(err);
	}
	int r = file_make_directories(directory, DIRECTORY_MODE, err);

	return r < 0 ? r : store_open(&options, ret, err);
}

/* A manager that cannot be told decides by its own timeout; we serve meanwhile. */
static void tell_manager(const char *state)
{
	struct error err;

	if (notify_send(state, &err) < 0) {
		(void)fprintf(stderr, "bangerd: warning: %s\n", err.text);
	}
}

int daemon_serve(const struct daemon_release *release, const char *database, const char *socket,
		 struct error *err)
{
	auto_listener struct listener listener = LISTENER_INIT;
	auto_store sqlite3 *db = NULL;
	auto_close int signals = catch_signals(err);

	if (signals < 0) {
		return signals;
	}
	int r = listener_open(socket, &listener, err);

	if (r == 0) {
		r = open_state(release, database, &db, err);
	}
	if (r == 0 && release->hooks != NULL && release->hooks->before_ready != NULL) {
		r = release->hooks->before_ready(err);
	}
	if (r < 0) {
		return r;
	}
	tell_manager("READY=1");
	r = server_run(release, listener.fd, signals, err);
	tell_manager("STOPPING=1");
	return r;
}
