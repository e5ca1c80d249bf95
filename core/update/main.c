/*
 * main.c - banger-update: makes the ground firm (descriptors, umask, signals, environment), parses,
 * runs one command and exits with what it says.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"
#include "model/run.h"
#include "update/json.h"
#include "update/options.h"
#include "update/phases.h"

#define REPORT_PATIENCE_MS 1000

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

/* Interrupts are asked for between the phases. What else would end or stop the run where it stands,
 * with the daemon down, does nothing: a closed terminal or pipe, a limit on file sizes (its
 * write(2) fails then), a key that sends to the background. */
static void set_up_signals(void)
{
	static const int ignored[] = {
		SIGHUP,  SIGPIPE, SIGALRM, SIGUSR1,   SIGUSR2, SIGTSTP,
		SIGTTIN, SIGTTOU, SIGXFSZ, SIGVTALRM, SIGPROF,
	};
	sigset_t interrupts = phases_interrupts();

	(void)signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		(void)signal(ignored[i], SIG_IGN);
	}
	(void)sigprocmask(SIG_BLOCK, &interrupts, NULL);
}

/* Libraries read theirs, too: OPENSSL_CONF could decide how a signature is checked. */
static void clear_environment(void)
{
	static const char *const kept[] = {"TERM", "NO_COLOR"};
	char *values[sizeof(kept) / sizeof(kept[0])];

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		values[i] = getenv(kept[i]);
	}
	/* Forgets the strings; it does not free them. */
	(void)clearenv();
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (values[i] != NULL) {
			(void)setenv(kept[i], values[i], 1);
		}
	}
}

/* A terminal that was stopped, or a pipe that nobody empties, must not stop an update half-way with
 * the daemon down. stdout has only the answer, when everything is over. */
static void report_patiently(void)
{
	static struct output output;
	FILE *stream = output_open(&output, STDERR_FILENO, REPORT_PATIENCE_MS);

	/* A variable: The GNU C Library, Standard Streams. */
	stderr = stream != NULL ? stream : stderr;
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
	clear_environment();
	report_patiently();
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
