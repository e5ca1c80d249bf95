/*
 * banger.h - banger's command line as a function of the release it belongs to.
 */
#ifndef CLI_BANGER_H
#define CLI_BANGER_H

#include "daemon/daemon.h"

/* A command: argv[0] is its name. Returns what to exit with. */
struct banger_command {
	const char *name;
	const char *arguments;
	const char *summary;
	int (*run)(int argc, char **argv, const struct daemon_release *release);
};

/* The table, ended by a NULL name. */
extern const struct banger_command banger_commands[];

enum banger_exit {
	BANGER_DONE = 0,
	BANGER_UNHEALTHY = 1, /* doctor: a check failed */
	BANGER_ERROR = 3,
	BANGER_USAGE = 64,
};

int banger_doctor(int argc, char **argv, const struct daemon_release *release);
int banger_update(int argc, char **argv, const struct daemon_release *release);

/* The program: what main() returns. */
int banger_main(int argc, char **argv, const struct daemon_release *release);

#endif
