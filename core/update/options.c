/*
 * options.c - options.h: getopt_long(3) driven by one table.
 */
#include "update/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#define NO_OFFSET ((size_t)-1)

/* Long options without a letter get a number that no character has. */
enum option_key {
	KEY_CHECK = 256,
	KEY_DRY_RUN,
	KEY_TO,
	KEY_RELEASE,
	KEY_FORCE,
	KEY_WAIVE,
	KEY_JSON,
	KEY_ROOT,
	KEY_VERSION,
	KEY_HOLD,
	KEY_YES,
	KEY_WITH_DATABASE,
	KEY_BOOT,
	KEY_STATE,
	KEY_STANDBY,
	KEY_SET,
	KEY_SUBJECT,
	KEY_GRANT,
	KEY_TIMEOUT,
	KEY_IN_PROCESS,
};

struct option_row {
	const char *name;
	int key;
	const char *argument; /* NULL: a switch */
	unsigned kind;
	size_t offset; /* of a bool or const char * in struct options */
	const char *help;
};

#define AT(field) offsetof(struct options, field)

static const struct option_row rows[] = {
	{"check", KEY_CHECK, NULL, OPTION_UPDATE, AT(check),
	 "only ask whether there is something newer: 0 no, 1 yes"},
	{"hold", KEY_HOLD, "VERSION", OPTION_UPDATE, AT(hold),
	 "only remember not to install this version by itself"},
	{"dry-run", KEY_DRY_RUN, NULL, OPTION_DRY_RUN, AT(dry_run),
	 "do all that stops no service, then clean up"},
	{"to", KEY_TO, "VERSION", OPTION_RELEASE, AT(to),
	 "this version instead of the latest one, older ones too"},
	{"release", KEY_RELEASE, "DIR|FILE", OPTION_RELEASE, AT(release),
	 "a signed release at hand instead of the manifest's"},
	{"waive", KEY_WAIVE, "NAME", OPTION_WAIVE, NO_OFFSET,
	 "a plugin, baseline, packages, services, unfinished"},
	{"force", KEY_FORCE, NULL, OPTION_WAIVE, AT(force),
	 "waive all but unfinished; also reinstall this version"},
	{"yes", KEY_YES, NULL, OPTION_BACK, AT(yes), "go back without asking first"},
	{"with-database", KEY_WITH_DATABASE, NULL, OPTION_BACK, AT(with_database),
	 "the databases go back, too; what they hold is kept"},
	{"boot", KEY_BOOT, NULL, OPTION_RECOVER, AT(boot),
	 "files and databases only, start nothing, exit with 0"},
	{"state", KEY_STATE, "DIR", OPTION_RECOVER, AT(state),
	 "this state directory; no INI file is read"},
	{"standby", KEY_STANDBY, NULL, OPTION_RECOVER, AT(standby),
	 "not before standard input ends, nor after a byte there"},
	{"set", KEY_SET, "KEY=VALUE", OPTION_PLUGIN, NO_OFFSET,
	 "plugin check, lint: a key of the plugin's section"},
	{"subject", KEY_SUBJECT, "KEY=VALUE", OPTION_PLUGIN, NO_OFFSET,
	 "plugin check, lint: what the plugin may ask about"},
	{"grant", KEY_GRANT, "network|root", OPTION_PLUGIN, NO_OFFSET,
	 "plugin check, lint: a right its section would give"},
	{"timeout", KEY_TIMEOUT, "TIME", OPTION_PLUGIN, AT(timeout),
	 "plugin check, lint: 30s unless given"},
	{"in-process", KEY_IN_PROCESS, NULL, OPTION_PLUGIN, AT(in_process),
	 "plugin check: without a process of its own, for gdb"},
	{"config", 'c', "FILE", OPTION_COMMON, AT(config),
	 "this INI file, with the drop-ins of FILE.d"},
	{"root", KEY_ROOT, "DIR", OPTION_COMMON, AT(root),
	 "put DIR in front of every path the INI file names"},
	{"json", KEY_JSON, NULL, OPTION_COMMON, AT(json), "one JSON object on standard output"},
	{"quiet", 'q', NULL, OPTION_COMMON, AT(quiet), "only the result"},
	{"verbose", 'v', NULL, OPTION_COMMON, AT(verbose), "also what plugins print"},
	{"help", 'h', NULL, OPTION_COMMON, AT(help), "this text"},
	{"version", KEY_VERSION, NULL, OPTION_COMMON, AT(version), "the updater's own version"},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

void options_finish(struct options *options)
{
	strings_finish(&options->arguments);
	strings_finish(&options->waived);
	strings_finish(&options->set);
	strings_finish(&options->subjects);
	strings_finish(&options->grants);
}

static void fill_long_options(struct option options[ROW_COUNT + 1])
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		options[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument != NULL ? required_argument : no_argument,
			.val = rows[i].key,
		};
	}
	options[ROW_COUNT] = (struct option){0};
}

static const struct option_row *row_of(int key)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].key == key) {
			return &rows[i];
		}
	}
	return NULL;
}

/* The list that an option adds to; NULL: it has a value of its own. */
static struct strings *list_of(struct options *options, int key)
{
	switch (key) {
	case KEY_WAIVE:
		return &options->waived;
	case KEY_SET:
		return &options->set;
	case KEY_SUBJECT:
		return &options->subjects;
	case KEY_GRANT:
		return &options->grants;
	default:
		return NULL;
	}
}

static int take_option(struct options *options, const struct option_row *row, struct error *err)
{
	struct strings *list = list_of(options, row->key);

	if (list != NULL) {
		return strings_add(list, optarg) < 0 ? error_no_memory(err) : 0;
	}
	void *field = (char *)options + row->offset;

	if (row->argument == NULL) {
		memcpy(field, &(bool){true}, sizeof(bool));
	} else {
		memcpy(field, &optarg, sizeof(optarg));
	}
	return 0;
}

static const struct command_row *find_command(const char *name)
{
	for (const struct command_row *row = command_rows; row->name != NULL; row++) {
		if (strcmp(row->name, name) == 0) {
			return row;
		}
	}
	return NULL;
}

/* The first word is the command, the others are its arguments. */
static int take_word(struct options *options, const char *word, struct error *err)
{
	if (options->command == NULL) {
		options->command = find_command(word);
		return options->command != NULL
			       ? 0
			       : error_set(err, -EINVAL, "there is no command '%s'", word);
	}
	if (options->arguments.count == options->command->argument_count) {
		return error_set(err, -EINVAL, "'%s' is one word too many for '%s'", word,
				 options->command->name);
	}
	return strings_add(&options->arguments, word) < 0 ? error_no_memory(err) : 0;
}

static int refuse_option(int key, char **argv, struct error *err)
{
	const char *word = optind > 0 ? argv[optind - 1] : "";

	if (key == ':') {
		return error_set(err, -EINVAL, "option '%s' wants a value", word);
	}
	if (optopt > 0 && optopt < 256) {
		return error_set(err, -EINVAL, "there is no option '-%c'", optopt);
	}
	return error_set(err, -EINVAL, "there is no option '%s', or it is not clear which is meant",
			 word);
}

static int check_kinds(const struct options *options, unsigned seen, struct error *err)
{
	unsigned alien = seen & ~(options->command->options | OPTION_COMMON);

	for (size_t i = 0; i < ROW_COUNT && alien != 0; i++) {
		if ((rows[i].kind & alien) != 0) {
			return error_set(err, -EINVAL,
					 "'%s' does not take options like --%s: see --help",
					 options->command->name, rows[i].name);
		}
	}
	return 0;
}

static int check_together(const struct options *options, struct error *err)
{
	if (options->check && options->dry_run) {
		return error_set(err, -EINVAL, "--check and --dry-run exclude each other");
	}
	if (options->hold != NULL && (options->check || options->dry_run)) {
		return error_set(err, -EINVAL, "--hold stands alone: it installs nothing");
	}
	if (options->root[0] != '\0' && options->root[0] != '/') {
		return error_set(err, -EINVAL, "--root wants an absolute directory, not '%s'",
				 options->root);
	}
	if (options->command->argument_required &&
	    options->arguments.count < options->command->argument_count) {
		return error_set(err, -EINVAL, "'%s' wants one of: %s", options->command->name,
				 options->command->arguments);
	}
	return 0;
}

/* Options may stand before and behind the command and its arguments. */
static int read_words(int argc, char **argv, struct options *options, unsigned *seen,
		      struct error *err)
{
	struct option long_options[ROW_COUNT + 1];

	fill_long_options(long_options);
	optind = 0;
	opterr = 0;
	for (;;) {
		int key = getopt_long(argc, argv, "+:c:qvh", long_options, NULL);
		const struct option_row *row = row_of(key);
		int rc = 0;

		if (key == -1 && optind >= argc) {
			return 0;
		}
		if (key == -1) {
			rc = take_word(options, argv[optind++], err);
		} else if (row == NULL) {
			rc = refuse_option(key, argv, err);
		} else {
			*seen |= row->kind;
			rc = take_option(options, row, err);
		}
		if (rc < 0) {
			return rc;
		}
	}
}

int options_parse(int argc, char **argv, struct options *ret, struct error *err)
{
	unsigned seen = 0;

	*ret = (struct options){.root = ""};
	int rc = read_words(argc, argv, ret, &seen, err);

	if (ret->command == NULL) {
		ret->command = &command_rows[0];
	}
	if (rc < 0 || ret->help || ret->version) {
		return rc;
	}
	rc = check_kinds(ret, seen, err);
	return rc < 0 ? rc : check_together(ret, err);
}

void options_print_help(FILE *to)
{
	(void)fputs("usage: banger-update [COMMAND] [OPTION]...\n\n"
		    "Replaces the binaries of a running daemon by a newer, signed release, only\n"
		    "after every preflight plugin agrees, and puts everything back when the new\n"
		    "release does not come up healthy.\n\ncommands:\n",
		    to);
	for (const struct command_row *row = command_rows; row->name != NULL; row++) {
		(void)fprintf(to, "  %-9s %-10s %s\n", row->name, row->arguments, row->summary);
	}
	(void)fputs("\noptions:\n", to);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char left[32];

		(void)snprintf(left, sizeof(left), "%s%s%s", rows[i].name,
			       rows[i].argument != NULL ? " " : "",
			       rows[i].argument != NULL ? rows[i].argument : "");
		char letter[4] = "";

		if (rows[i].key < KEY_CHECK) {
			(void)snprintf(letter, sizeof(letter), "-%c", rows[i].key);
		}
		(void)fprintf(to, "  %2s --%-18s %s\n", letter, left, rows[i].help);
	}
	(void)fputs("\nexit codes: 0 done or up to date, 2 refused, 3 error (nothing changed),\n"
		    "4 rolled back, 5 rollback incomplete, 64 usage or configuration,\n"
		    "75 try again later\n",
		    to);
}

bool options_waive(const struct options *options, const char *check)
{
	return options->force || strings_contain(&options->waived, check);
}
