/*
 * main.c - banger-update: makes the ground firm, parses, runs one command and exits with what it
 * says.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "model/run.h"
#include "update/ground.h"
#include "update/json.h"
#include "update/options.h"

#define REPORT_PATIENCE_MS 1000

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

	ground_make_firm();
	report_patiently();
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
