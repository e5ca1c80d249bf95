/*
 * main.c - banger-update: makes the ground firm (descriptors, umask, signals), parses, runs one
 * command and exits with what it says.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/run.h"
#include "update/json.h"
#include "update/options.h"

/* Whoever starts us may have closed 0, 1 or 2: then the next file opened would be our stdout. */
static void open_standard_descriptors(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= STDERR_FILENO) {
		fd = open("/dev/null", O_RDWR);
	}
	if (fd > STDERR_FILENO) {
		(void)close(fd);
	}
}

/* Interrupts are asked for between the phases; a closed terminal or pipe ends nothing. */
static void set_up_signals(void)
{
	sigset_t blocked;

	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGINT);
	(void)sigaddset(&blocked, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			return true;
		}
	}
	return false;
}

static int say_usage_error(int argc, char **argv, const struct error *err)
{
	if (asks_for_json(argc, argv)) {
		(void)json_print_usage(stdout, "usage", err);
	} else {
		(void)fprintf(stderr, "banger-update: %s; see banger-update --help\n", err->text);
	}
	return result_exit_code(RESULT_USAGE);
}

int main(int argc, char **argv)
{
	__attribute__((cleanup(options_finish))) struct options options;
	struct error err = {0};

	open_standard_descriptors();
	set_up_signals();
	(void)umask(022);
	if (options_parse(argc, argv, &options, &err) < 0) {
		return say_usage_error(argc, argv, &err);
	}
	if (options.help) {
		options_print_help(stdout);
		return 0;
	}
	if (options.version) {
		(void)printf("banger-update %s\n", BANGER_VERSION);
		return 0;
	}
	return options.command->run(&options);
}
