/*
 * behaviour.c - behaviour.h's table.
 */
#include "samples/behaviour.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void exit_at_once(void)
{
	exit(7);
}

__attribute__((noreturn)) static int block(struct error *err)
{
	(void)err;
	for (;;) {
		(void)pause();
	}
}

/* Dies of SIGALRM, soon after it said that it is ready. */
static int die_soon(struct error *err)
{
	(void)err;
	(void)alarm(1);
	return 0;
}

static json_t *die_when_asked(const char *method)
{
	(void)method;
	_exit(8);
}

static json_t *complain(const char *method)
{
	(void)method;
	return json_pack("{s:{s:s, s:s}}", "error", "code", "sick", "text",
			 "this release is never well");
}

/* The process that was started only waits, deaf to a polite request; the daemon is its child. */
static void ignore_stop(void)
{
	pid_t child = fork();

	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	(void)signal(SIGTERM, SIG_IGN);
	(void)waitpid(child, NULL, 0);
	for (;;) {
		(void)pause();
	}
}

static const struct behaviour behaviours[] = {
	{.name = "healthy"},
	{.name = "exits-at-once", .at_start = exit_at_once},
	{.name = "never-ready", .hooks = {.before_ready = block}},
	{.name = "dies-after-ready", .hooks = {.before_ready = die_soon}},
	{.name = "dies-when-asked", .hooks = {.answer = die_when_asked}},
	{.name = "unhealthy", .hooks = {.answer = complain}},
	{.name = "ignores-stop", .at_start = ignore_stop},
	{.name = "unhealthy-and-ignores-stop",
	 .at_start = ignore_stop,
	 .hooks = {.answer = complain}},
};

const struct behaviour *behaviour_find(const char *name)
{
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
		if (strcmp(behaviours[i].name, name) == 0) {
			return &behaviours[i];
		}
	}
	return NULL;
}
