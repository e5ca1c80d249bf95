/*
 * tally.c - tally.h.
 */
#include "crash/tally.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "crash/calls.h"

static time_t now(void)
{
	struct timespec time;

	return clock_gettime(CLOCK_MONOTONIC, &time) == 0 ? time.tv_sec : 0;
}

struct tally tally_begin(const struct tally_options *options)
{
	return (struct tally){
		.options = options,
		.deadline = now() + (time_t)options->seconds,
	};
}

bool tally_is_late(const struct tally *tally)
{
	return tally->first != 0 && !tally->result.expired && now() >= tally->deadline;
}

/* Root needs no such promise for a filter, and programs behave differently under it. */
bool tally_may_filter(void)
{
	return geteuid() == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool is_counted(const struct tally_options *options, const struct call_sight *sight)
{
	return sight->call != NULL && sight->changes && sight->below &&
	       (sight->call->kind & options->kinds) != 0 &&
	       (!options->spared_uncounted || options->spared == NULL ||
		strcmp(sight->program, options->spared) != 0);
}

static void note(struct tally *tally, const struct call_sight *sight)
{
	const char *slash = strrchr(sight->program, '/');
	const char *program = slash != NULL ? slash + 1 : sight->program;
	unsigned long number = tally->result.total;

	if (tally->options->list != NULL) {
		(void)fprintf(tally->options->list, "%lu %s: %s\n", number, program, sight->text);
	}
	if (number == tally->options->at) {
		(void)snprintf(tally->result.at, sizeof(tally->result.at), "%.400s: %s", program,
			       sight->text);
	}
}

/* What the program itself says on standard error stands in the list, too, after a "-". */
static void note_saying(const struct tally *tally, pid_t pid, uint64_t number,
			const uint64_t *arguments)
{
	char text[512];

	if (tally->options->list == NULL || pid != tally->first || number != SYS_write ||
	    arguments[0] != STDERR_FILENO) {
		return;
	}
	size_t wanted = arguments[2] < sizeof(text) - 1 ? arguments[2] : sizeof(text) - 1;
	size_t got = calls_peek(pid, arguments[1], text, wanted);

	text[got] = '\0';
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		(void)fprintf(tally->options->list, "- %s\n", line);
	}
}

static bool is_dropped(const struct tally_options *options, unsigned long sync)
{
	const unsigned long *drop = options->drops;

	while (drop != NULL && *drop != 0 && *drop != sync) {
		drop++;
	}
	return drop != NULL && *drop != 0;
}

enum tally_word tally_call(struct tally *tally, pid_t pid, uint64_t number,
			   const uint64_t *arguments)
{
	const struct tally_options *options = tally->options;
	struct call_sight sight = call_look(pid, number, arguments, options->below);

	note_saying(tally, pid, number, arguments);
	if (!is_counted(options, &sight)) {
		return TALLY_GO;
	}
	unsigned long count = ++tally->result.total;
	bool is_sync = (sight.call->kind & CALL_SYNCS) != 0;
	bool drops = is_sync && is_dropped(options, ++tally->result.syncs);

	note(tally, &sight);
	if (options->at > 0 &&
	    (count == options->at || (options->from_on && count > options->at))) {
		return TALLY_NOW;
	}
	return drops ? TALLY_DROP : TALLY_GO;
}
