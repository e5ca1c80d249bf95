/*
 * fake_unpack.c - an unpack helper that was taken over, broken or killed. The name of the first
 * artifact says how it misbehaves.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "release/unpack/protocol.h"

#define START UNPACK_GREETING "held 0\n"

static void say(const char *text)
{
	(void)!write(UNPACK_FD_REPORT, text, strlen(text));
}

static void scribble(void)
{
	(void)!write(UNPACK_FD_FIRST, "half", 4);
}

static int die(void)
{
	scribble();
	return kill(getpid(), SIGKILL);
}

static int make_a_forbidden_call(void)
{
	scribble();
	return raise(SIGSYS);
}

static int say_nothing(void)
{
	return 0;
}

static int say_half(void)
{
	scribble();
	say(START "ok");
	return 0;
}

static int be_of_another_build(void)
{
	scribble();
	say("banger-unpack 2 0.0.0-other\nok\n");
	return 0;
}

static int say_nothing_of_what_holds_it(void)
{
	scribble();
	say(UNPACK_GREETING "ok\n");
	return 0;
}

static int be_held_by_something_unknown(void)
{
	scribble();
	say(UNPACK_GREETING "held 8\nok\n");
	return 0;
}

static int write_nothing(void)
{
	say(START "ok\n");
	return 0;
}

static int lie_about_success(void)
{
	scribble();
	say(START "ok\n");
	return EXIT_FAILURE;
}

static int say_too_much(void)
{
	scribble();
	say(START "ok\nok\n");
	return 0;
}

static int flood(void)
{
	char noise[4096];

	memset(noise, 'x', sizeof(noise));
	for (int i = 0; i < 1000; i++) {
		(void)!write(UNPACK_FD_REPORT, noise, sizeof(noise));
	}
	return 0;
}

static int colour_the_terminal(void)
{
	say(START "error archive: \033[31mred\n");
	return EXIT_FAILURE;
}

static int find_no_space(void)
{
	scribble();
	say(START "error space: cannot write\n");
	return EXIT_FAILURE;
}

static int fail_in_a_new_way(void)
{
	say(START "error boredom: no reason\n");
	return EXIT_FAILURE;
}

/* Also its child outlives it, with everything still open. */
static int hang(void)
{
	scribble();
	(void)!fork();
	while (pause() < 0) {
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} behaviours[] = {
	{"killed", die},
	{"forbidden-call", make_a_forbidden_call},
	{"silent", say_nothing},
	{"half-report", say_half},
	{"other-build", be_of_another_build},
	{"not-held", say_nothing_of_what_holds_it},
	{"unknown-hold", be_held_by_something_unknown},
	{"nothing-written", write_nothing},
	{"failed-exit", lie_about_success},
	{"two-reports", say_too_much},
	{"flood", flood},
	{"colours", colour_the_terminal},
	{"no-space", find_no_space},
	{"new-failure", fail_in_a_new_way},
	{"hangs", hang},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]) && argc > 2; i++) {
		if (strcmp(argv[2], behaviours[i].name) == 0) {
			return behaviours[i].run();
		}
	}
	return EXIT_FAILURE;
}
