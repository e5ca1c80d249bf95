/*
 * interleave.c - runs commands in turn, A B C A B C ..., and prints the median of what each took.
 *
 * Two commands that are measured one after the other see another machine each; in turn they see the
 * same one, and their ratio can be believed. One round before the first is not counted.
 *
 * usage: interleave -n ROUNDS [-p SHELL] NAME[:EXIT] WORD... [@ NAME[:EXIT] WORD...]...
 *
 * -p is run by /bin/sh before each command, outside the clock, with its NAME as $1. A command that
 * does not end with EXIT (0) ends the whole run: what failed fast must not look fast. Prints for
 * each: name, wall and processor milliseconds (of all its processes), KiB of memory (of the largest
 * of them), KiB written to disk; separated by tabs.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define ROUNDS_MAX   1001
#define BLOCK        512 /* unit of ru_oublock */

enum metric {
	WALL,
	PROCESSOR,
	MEMORY,
	WRITTEN,
	METRICS,
};

struct command {
	char *name;
	char **argv;
	int exit_code; /* as expected */
	double *values[METRICS];
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "interleave: %s\n", what);
	exit(EXIT_FAILURE);
}

static double milliseconds(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Output of what is measured goes nowhere; its errors are shown. */
static pid_t start(char **argv)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) !=
		    0 ||
	    posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0) {
		(void)fprintf(stderr, "interleave: cannot run %s\n", argv[0]);
		exit(EXIT_FAILURE);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static int wait_for(pid_t pid, struct rusage *usage)
{
	int status = 0;

	while (wait4(pid, &status, 0, usage) < 0) {
		if (errno != EINTR) {
			die("cannot wait");
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void prepare(char *shell, char *name)
{
	static char sh[] = "/bin/sh";
	static char option[] = "-ec";
	char *argv[] = {sh, option, shell, sh, name, NULL};
	struct rusage usage;

	if (shell != NULL && wait_for(start(argv), &usage) != 0) {
		die("the preparation failed");
	}
}

static void measure(struct command *command, size_t round)
{
	struct rusage usage;
	double began = now();
	int exit_code = wait_for(start(command->argv), &usage);

	command->values[WALL][round] = now() - began;
	command->values[PROCESSOR][round] =
		milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
	command->values[MEMORY][round] = (double)usage.ru_maxrss;
	command->values[WRITTEN][round] = (double)usage.ru_oublock * BLOCK / 1024;
	if (exit_code != command->exit_code) {
		(void)fprintf(stderr, "interleave: %s: exit %d, not %d\n", command->name, exit_code,
			      command->exit_code);
		exit(EXIT_FAILURE);
	}
}

static int compare(const void *a, const void *b)
{
	const double *left = a;
	const double *right = b;

	return (*left > *right) - (*left < *right);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* "NAME[:EXIT] WORD...", ended by "@" or the end; returns the words that belong to it. */
static int read_command(char **words, size_t rounds, struct command *ret)
{
	char *colon = strrchr(words[0], ':');
	int count = 1;

	while (words[count] != NULL && strcmp(words[count], "@") != 0) {
		count++;
	}
	if (count < 2) {
		die("a command has no words");
	}
	if (colon != NULL) {
		*colon = '\0';
		ret->exit_code = atoi(colon + 1);
	}
	ret->name = words[0];
	ret->argv = words + 1;
	for (size_t i = 0; i < METRICS; i++) {
		ret->values[i] = calloc(rounds, sizeof(double));
		if (ret->values[i] == NULL) {
			die("no memory");
		}
	}
	return count;
}

static size_t read_commands(char **words, size_t rounds, struct command commands[COMMANDS_MAX])
{
	size_t count = 0;

	while (*words != NULL) {
		if (count == COMMANDS_MAX) {
			die("too many commands");
		}
		words += read_command(words, rounds, &commands[count++]);
		if (*words != NULL) {
			*words++ = NULL;
		}
	}
	return count;
}

static void print(const struct command *command, size_t rounds)
{
	(void)printf("%s", command->name);
	for (size_t i = 0; i < METRICS; i++) {
		(void)printf("\t%.3f", median(command->values[i], rounds));
		free(command->values[i]);
	}
	(void)printf("\n");
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX] = {0};
	char *shell = NULL;
	size_t rounds = 0;

	for (int option = 0; (option = getopt(argc, argv, "+n:p:")) != -1;) {
		if (option == 'n') {
			rounds = strtoul(optarg, NULL, 10);
		} else if (option == 'p') {
			shell = optarg;
		} else {
			return EXIT_FAILURE;
		}
	}
	if (rounds == 0 || rounds > ROUNDS_MAX) {
		die("-n wants 1 to 1001 rounds");
	}
	size_t count = read_commands(argv + optind, rounds, commands);

	/* The first round warms up; the second overwrites what it measured. */
	for (size_t round = 0; round <= rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			prepare(shell, commands[i].name);
			measure(&commands[i], round > 0 ? round - 1 : 0);
		}
	}
	for (size_t i = 0; i < count; i++) {
		print(&commands[i], rounds);
	}
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
