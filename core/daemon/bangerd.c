/*
 * bangerd.c - the command line of bangerd: options to one of its modes, errors to exit codes.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/guard.h"
#include "daemon/daemon.h"
#include "daemon/migrating.h"
#include "daemon/paths.h"
#include "daemon/serve.h"

enum mode {
	MODE_SERVE,
	MODE_CHECK,
	MODE_MIGRATE,
	MODE_VERSION,
	MODE_HELP,
};

struct request {
	enum mode mode;
	bool system;
	const char *database;
	const char *socket;
};

static const char usage[] =
	"Usage: bangerd [--system] [--database FILE] [--socket FILE]\n"
	"               [--check-migrations | --migrate | --version | --help]\n"
	"\n"
	"Without a mode it serves until it is told to stop, migrating its database first.\n"
	"\n"
	"  --system            use /var/lib/banger/state.db and /run/banger/bangerd.sock\n"
	"  --database FILE     the database\n"
	"  --socket FILE       the socket\n"
	"  --check-migrations  say how the database relates to this program, changing nothing;\n"
	"                      exit 0 compatible, 1 migrations needed, 2 incompatible, 3 error\n"
	"  --migrate           apply what is pending; exit 0 done, 2 fails on this data, 3 error\n"
	"  --version           print the version\n"
	"  --help              print this\n";

enum option_code {
	OPTION_SYSTEM = 1,
	OPTION_DATABASE,
	OPTION_SOCKET,
	OPTION_MODE, /* and above: OPTION_MODE + enum mode */
};

static const struct option options[] = {
	{"system", no_argument, NULL, OPTION_SYSTEM},
	{"database", required_argument, NULL, OPTION_DATABASE},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"check-migrations", no_argument, NULL, OPTION_MODE + MODE_CHECK},
	{"migrate", no_argument, NULL, OPTION_MODE + MODE_MIGRATE},
	{"version", no_argument, NULL, OPTION_MODE + MODE_VERSION},
	{"help", no_argument, NULL, OPTION_MODE + MODE_HELP},
	{NULL, 0, NULL, 0},
};

/* false: two modes at once. */
static bool take_option(int code, const char *value, struct request *request)
{
	if (code == OPTION_SYSTEM) {
		request->system = true;
	} else if (code == OPTION_DATABASE) {
		request->database = value;
	} else if (code == OPTION_SOCKET) {
		request->socket = value;
	} else {
		enum mode mode = (enum mode)(code - OPTION_MODE);

		if (request->mode != MODE_SERVE && request->mode != mode) {
			return false;
		}
		request->mode = mode;
	}
	return true;
}

/* getopt_long(3) has said what is wrong when this gives -EINVAL. */
static int parse(int argc, char **argv, struct request *ret)
{
	struct request request = {.mode = MODE_SERVE};
	int code = 0;

	optind = 0;
	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (code == '?') {
			return -EINVAL;
		}
		if (!take_option(code, optarg, &request)) {
			(void)fputs("bangerd: only one mode at a time\n", stderr);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "bangerd: unexpected argument '%s'\n", argv[optind]);
		return -EINVAL;
	}
	*ret = request;
	return 0;
}

static int report(const struct error *err)
{
	(void)fprintf(stderr, "bangerd: error: %s\n", err->text);
	switch (err->code) {
	case STORE_MIGRATION_FAILED:
	case -ENOTUNIQ:
		return DAEMON_INCOMPATIBLE;
	default:
		return DAEMON_ERROR;
	}
}

/* The answer leaves through one pointer, so that a test can catch it. */
static int leave(const struct daemon_release *release, int code)
{
	void (*leaving)(int) = release->hooks != NULL && release->hooks->exit != NULL
				       ? release->hooks->exit
				       : exit;

	leaving(code);
	return code;
}

static int check(const struct daemon_release *release, const char *database)
{
	struct error err;
	int code = DAEMON_ERROR;

	if (daemon_check_migrations(release, database, stdout, &code, &err) < 0) {
		(void)fprintf(stderr, "bangerd: error: %s\n", err.text);
		code = DAEMON_ERROR;
	}
	return leave(release, code);
}

static int serve(const struct daemon_release *release, const struct request *request,
		 const char *database, struct error *err)
{
	auto_free char *socket = NULL;
	int r = daemon_socket_path(request->system, request->socket, &socket, err);

	return r < 0 ? r : daemon_serve(release, database, socket, err);
}

static int work(const struct daemon_release *release, const struct request *request)
{
	auto_free char *database = NULL;
	struct error err;
	int r = daemon_database_path(request->system, request->database, &database, &err);

	if (r < 0) {
		return report(&err);
	}
	if (request->mode == MODE_CHECK) {
		return check(release, database);
	}
	if (request->mode == MODE_MIGRATE) {
		r = daemon_migrate(release, database, &err);
	} else {
		r = serve(release, request, database, &err);
	}
	return r < 0 ? report(&err) : DAEMON_DONE;
}

static int print(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? DAEMON_DONE : DAEMON_ERROR;
}

static int print_version(const struct daemon_release *release)
{
	bool printed = printf("bangerd %s\n", release->version) > 0 && fflush(stdout) == 0;

	return printed ? DAEMON_DONE : DAEMON_ERROR;
}

int bangerd_main(int argc, char **argv, const struct daemon_release *release)
{
	struct request request;

	if (parse(argc, argv, &request) < 0) {
		(void)fputs(usage, stderr);
		return DAEMON_USAGE;
	}
	switch (request.mode) {
	case MODE_VERSION:
		return print_version(release);
	case MODE_HELP:
		return print(usage);
	case MODE_SERVE:
	case MODE_CHECK:
	case MODE_MIGRATE:
		break;
	}
	return work(release, &request);
}
