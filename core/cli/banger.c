/*
 * banger.c - the table of banger's commands. A command is a row here and a function.
 */
#include "cli/banger.h"

#include <stdio.h>
#include <string.h>

static int print_version(int argc, char **argv, const struct daemon_release *release)
{
	(void)argc;
	(void)argv;
	bool printed = printf("banger %s\n", release->version) > 0 && fflush(stdout) == 0;

	return printed ? BANGER_DONE : BANGER_ERROR;
}

static void print_usage(FILE *output)
{
	(void)fputs("Usage: banger COMMAND [ARGUMENT]...\n\n", output);
	for (const struct banger_command *row = banger_commands; row->name != NULL; row++) {
		(void)fprintf(output, "  %s %s\n      %s\n", row->name, row->arguments,
			      row->summary);
	}
}

static int help(int argc, char **argv, const struct daemon_release *release)
{
	(void)argc;
	(void)argv;
	(void)release;
	print_usage(stdout);
	return fflush(stdout) == 0 ? BANGER_DONE : BANGER_ERROR;
}

const struct banger_command banger_commands[] = {
	{"update", "[ARGUMENT]...", "Update banger: runs banger-update with the arguments.",
	 banger_update},
	{"doctor", "[--system] [--socket FILE] [--database FILE]",
	 "Check that the daemon answers, is of this version, and its database fits.",
	 banger_doctor},
	{"version", "", "Print the version.", print_version},
	{"help", "", "Print this.", help},
	{0},
};

static const struct {
	const char *option;
	const char *command;
} aliases[] = {
	{"--version", "version"},
	{"--help", "help"},
	{"-h", "help"},
};

static const char *command_of(const char *word)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(aliases[i].option, word) == 0) {
			return aliases[i].command;
		}
	}
	return word;
}

int banger_main(int argc, char **argv, const struct daemon_release *release)
{
	if (argc < 2) {
		print_usage(stderr);
		return BANGER_USAGE;
	}
	const char *name = command_of(argv[1]);

	for (const struct banger_command *row = banger_commands; row->name != NULL; row++) {
		if (strcmp(row->name, name) == 0) {
			return row->run(argc - 1, argv + 1, release);
		}
	}
	(void)fprintf(stderr, "banger: there is no command '%s'; see 'banger help'\n", argv[1]);
	return BANGER_USAGE;
}
