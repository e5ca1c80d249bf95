/*
 * crashpt.c - crashpt [OPTION]... -- COMMAND...: runs COMMAND, and lets something happen at the Nth
 * system call of its whole tree that changes state. See usage, and trace.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "crash/calls.h"
#include "crash/supervise.h"
#include "crash/trace.h"

#define DROPS_MAX 256

static const char usage[] =
	"Usage: crashpt [OPTION]... -- COMMAND...\n"
	"\n"
	"  --at N          something happens before the Nth call, counted from 1; without it,\n"
	"                  calls are only counted\n"
	"  --act ACT       kill: everybody; kill-first: COMMAND alone; fail; count (the default)\n"
	"  --error NAME    fail with ENOSPC, EIO, EMFILE, EINTR; none: the call claims success\n"
	"  --from-on       fail: every call from the Nth on\n"
	"  --drop N        of the syncs, the Nth does nothing and claims success; several with\n"
	"                  commas\n"
	"  --before FILE   a program that is run at the Nth call, while everybody stands still\n"
	"  --kinds KINDS   counts files, syncs, signals, space (of files: what may need more of "
	"the\n"
	"                  disk), several with commas; the default is all\n"
	"  --below PATH    counts only what is about files whose path begins so\n"
	"  --spare FILE    who executes FILE is not killed\n"
	"  --uncounted     nor are its calls counted\n"
	"  --untraced      nobody is traced (only for fail and count)\n"
	"  --report FILE   total, the call where it happened and how COMMAND ended\n"
	"  --list FILE     every call that was counted\n"
	"  --seconds N     then everybody is killed (60)\n"
	"\n"
	"Exits as COMMAND does; 99 when it was killed, 124 at the deadline, 125 in trouble of its "
	"own.\n";

enum option_code {
	AT = 256,
	ACT,
	ERROR,
	FROM_ON,
	DROP,
	BEFORE,
	KINDS,
	BELOW,
	SPARE,
	UNCOUNTED,
	UNTRACED,
	REPORT,
	LIST,
	SECONDS,
};

static const struct option long_options[] = {
	{"at", required_argument, NULL, AT},
	{"act", required_argument, NULL, ACT},
	{"error", required_argument, NULL, ERROR},
	{"from-on", no_argument, NULL, FROM_ON},
	{"drop", required_argument, NULL, DROP},
	{"before", required_argument, NULL, BEFORE},
	{"kinds", required_argument, NULL, KINDS},
	{"below", required_argument, NULL, BELOW},
	{"spare", required_argument, NULL, SPARE},
	{"uncounted", no_argument, NULL, UNCOUNTED},
	{"report", required_argument, NULL, REPORT},
	{"list", required_argument, NULL, LIST},
	{"seconds", required_argument, NULL, SECONDS},
	{"untraced", no_argument, NULL, UNTRACED},
	{NULL, 0, NULL, 0},
};

struct word {
	const char *name;
	int value;
};

static const struct word acts[] = {
	{"count", TALLY_COUNT},
	{"kill", TALLY_KILL},
	{"kill-first", TALLY_KILL_FIRST},
	{"fail", TALLY_FAIL},
	{NULL, 0},
};

static const struct word errors[] = {
	{"none", 0},        {"ENOSPC", ENOSPC}, {"EIO", EIO},
	{"EMFILE", EMFILE}, {"EINTR", EINTR},   {"EDQUOT", EDQUOT},
	{"EROFS", EROFS},   {"ENOMEM", ENOMEM}, {NULL, 0},
};

static const struct word kinds[] = {
	{"files", CALL_FILES},
	{"syncs", CALL_SYNCS},
	{"signals", CALL_SIGNALS},
	{"space", CALL_SPACE},
	{NULL, 0},
};

__attribute__((noreturn)) static void refuse(const char *what)
{
	(void)fprintf(stderr, "crashpt: %s\n%s", what, usage);
	exit(125);
}

static int look_up(const struct word *words, const char *name)
{
	for (; words->name != NULL; words++) {
		if (strcmp(words->name, name) == 0) {
			return words->value;
		}
	}
	refuse(name);
}

static unsigned look_up_all(const struct word *words, char *names)
{
	unsigned all = 0;

	for (char *name = strtok(names, ","); name != NULL; name = strtok(NULL, ",")) {
		all |= (unsigned)look_up(words, name);
	}
	return all;
}

static unsigned long number(const char *text)
{
	uint64_t value = 0;

	if (text_parse_u64(text, &value) < 0) {
		refuse(text);
	}
	return value;
}

/* Ended by 0. */
static const unsigned long *numbers(char *names)
{
	static unsigned long all[DROPS_MAX + 1];
	size_t count = 0;

	for (char *name = strtok(names, ","); name != NULL; name = strtok(NULL, ",")) {
		if (count == DROPS_MAX) {
			refuse("too many of them");
		}
		all[count++] = number(name);
	}
	return all;
}

static FILE *create(const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL) {
		refuse(path);
	}
	return file;
}

struct call_line {
	struct tally_options tally;
	FILE *report;
	char *before[2];
	bool untraced;
};

static void take(int code, char *value, struct call_line *line)
{
	struct tally_options *tally = &line->tally;

	switch (code) {
	case AT:
		tally->at = number(value);
		break;
	case ACT:
		tally->act = (enum tally_act)look_up(acts, value);
		break;
	case ERROR:
		tally->error = look_up(errors, value);
		break;
	case FROM_ON:
		tally->from_on = true;
		break;
	case DROP:
		tally->drops = numbers(value);
		break;
	case BEFORE:
		line->before[0] = value;
		tally->before = line->before;
		break;
	case KINDS:
		tally->kinds = look_up_all(kinds, value);
		break;
	case BELOW:
		tally->below = value;
		break;
	case SPARE:
		tally->spared = value;
		break;
	case UNCOUNTED:
		tally->spared_uncounted = true;
		break;
	case UNTRACED:
		line->untraced = true;
		break;
	case REPORT:
		line->report = create(value);
		break;
	case LIST:
		tally->list = create(value);
		break;
	case SECONDS:
		tally->seconds = (unsigned)number(value);
		break;
	default:
		refuse("what is this?");
	}
}

/* Told to whoever waits for us: the report first, then the exit code. */
struct answer {
	const struct call_line *line;
	int pipe;
};

static unsigned char exit_code(const struct tally_result *result)
{
	if (result->broken != 0) {
		return 125;
	}
	if (result->expired) {
		return 124;
	}
	return WIFEXITED(result->status) ? (unsigned char)WEXITSTATUS(result->status) : 99;
}

static void on_ended(const struct tally_result *result, void *data)
{
	const struct answer *answer = data;
	FILE *report = answer->line->report;
	unsigned char code = exit_code(result);

	if (report != NULL) {
		(void)fprintf(report, "total %lu\nacted %d\nstatus %d\nat %s\n", result->total,
			      (int)result->acted, (int)code, result->at);
		(void)fclose(report);
	}
	if (answer->line->tally.list != NULL) {
		(void)fflush(answer->line->tally.list);
	}
	(void)!write(answer->pipe, &code, 1);
	(void)close(answer->pipe);
}

/* Who looks for processes of a test by their words shall not find the tracer: what it works with
 * are copies, kept for good. */
static char **take_words(int argc, char **argv)
{
	static char **copy;

	copy = calloc((size_t)argc + 1, sizeof(*copy));

	for (int i = 0; copy != NULL && i < argc; i++) {
		copy[i] = strdup(argv[i]);
		memset(argv[i], 0, strlen(argv[i]));
	}
	if (copy == NULL) {
		refuse("no memory");
	}
	return copy;
}

int main(int argc, char **given)
{
	char **argv = take_words(argc, given);
	struct call_line line = {
		.tally = {.kinds = CALL_FILES | CALL_SYNCS | CALL_SIGNALS, .seconds = 60}};
	int code = 0;
	int answer[2];
	unsigned char exits = 125;

	while ((code = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		take(code, optarg, &line);
	}
	if (argv[optind] == NULL) {
		refuse("a command is missing");
	}
	if (line.untraced && (line.tally.before != NULL || line.tally.act == TALLY_KILL ||
			      line.tally.act == TALLY_KILL_FIRST)) {
		refuse("--untraced: nobody stands still");
	}
	line.tally.argv = argv + optind;
	if (pipe2(answer, O_CLOEXEC) < 0) {
		refuse("no pipe");
	}
	void (*run)(const struct tally_options *, tally_ended, void *) =
		line.untraced ? supervise_run : trace_run;

	/* The tracer stays with what COMMAND leaves running; we do not. */
	pid_t tracer = fork();

	if (tracer == 0) {
		(void)close(answer[0]);
		(void)setsid(); /* whoever ends our group means us */
		run(&line.tally, on_ended, &(struct answer){&line, answer[1]});
		_exit(0);
	}
	(void)close(answer[1]);
	if (tracer < 0 || read(answer[0], &exits, 1) != 1) {
		return 125;
	}
	return exits;
}
