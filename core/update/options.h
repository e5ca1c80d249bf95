/*
 * options.h - the command line of banger-update as data.
 *
 * One const table of options serves parsing, --help and the tests.
 */
#ifndef UPDATE_OPTIONS_H
#define UPDATE_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

struct command_row;

struct options {
	const struct command_row *command;
	struct strings arguments; /* behind the command: "check" of "config check" */
	const char *config;       /* NULL when not given */
	const char *root;         /* "" when not given */
	const char *to;
	const char *release;
	struct strings waived;
	struct strings set;      /* plugin check: KEY=VALUE of its section, */
	struct strings subjects; /* and of its subject, */
	struct strings grants;   /* and rights: network, root */
	const char *timeout;
	const char *hold;  /* a version */
	const char *state; /* recover: a state directory */
	bool check;
	bool yes;
	bool with_database;
	bool boot;
	bool standby;
	bool in_process;
	bool dry_run;
	bool force;
	bool json;
	bool quiet;
	bool verbose;
	bool help;
	bool version;
};

/* One command: how it is called and what runs it. */
struct command_row {
	const char *name;
	const char *arguments; /* for --help */
	const char *summary;
	int (*run)(const struct options *options); /* returns the exit code */
	unsigned options;                          /* which options it takes, OPTION_* */
	size_t argument_count;                     /* at most */
	bool argument_required;
};

/* Kinds of options, so that one that a command would ignore is a usage error instead. */
#define OPTION_COMMON  (1u << 0)
#define OPTION_RELEASE (1u << 1) /* --to --release */
#define OPTION_WAIVE   (1u << 2) /* --force --waive */
#define OPTION_UPDATE  (1u << 3) /* --check --hold */
#define OPTION_DRY_RUN (1u << 4)
#define OPTION_BACK    (1u << 5) /* --yes --with-database */
#define OPTION_PLUGIN  (1u << 7) /* --set --subject --grant --timeout --in-process */
#define OPTION_RECOVER (1u << 6) /* --boot --standby --state */

/* The table of commands, ended by a NULL name; the first is meant when none is given. */
extern const struct command_row command_rows[];

void options_finish(struct options *options);

/* -EINVAL with a sentence for a person. Strings are borrowed from argv. */
MUST_CHECK int options_parse(int argc, char **argv, struct options *ret, struct error *err);

void options_print_help(FILE *to);

/* True when a busy verdict of this check is not to stop the update. */
bool options_waive(const struct options *options, const char *check);

#endif
