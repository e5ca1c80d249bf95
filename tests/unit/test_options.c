/*
 * test_options.c - the command line: what is understood, and how nonsense is refused.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "update/options.h"

#define MAX_WORDS 16

static struct options options;
static struct error err;

/* Parses "banger-update" and the words. */
static int parse(const char *line)
{
	static char copy[512];
	char *argv[MAX_WORDS + 1] = {0};
	int argc = 0;

	(void)snprintf(copy, sizeof(copy), "banger-update %s", line);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		argv[argc++] = word;
	}
	return options_parse(argc, argv, &options, &err);
}

static void forget(void)
{
	options_finish(&options);
}

TestSuite(options, .fini = forget);

Test(options, without_words_mean_update_with_the_file_that_is_found)
{
	cr_assert_eq(parse(""), 0);
	cr_assert_str_eq(options.command->name, "update");
	cr_assert_str_eq(options.root, "");
	cr_assert_null(options.config);
}

Test(options, stand_before_and_behind_the_command)
{
	cr_assert_eq(parse("--config /a update --to 1.2.3 --json"), 0, "%s", err.text);
	cr_assert_str_eq(options.config, "/a");
	cr_assert_str_eq(options.to, "1.2.3");
	cr_assert(options.json);
}

Test(options, collect_every_waived_check)
{
	cr_assert_eq(parse("--waive operations --waive baseline"), 0);
	cr_assert(options_waive(&options, "operations"));
	cr_assert(options_waive(&options, "baseline"));
	cr_assert_not(options_waive(&options, "schema-migration"));
}

Test(options, force_waives_every_check)
{
	cr_assert_eq(parse("--force"), 0);
	cr_assert(options_waive(&options, "anything"));
}

Test(options, take_the_arguments_of_a_command)
{
	cr_assert_eq(parse("config check"), 0);
	cr_assert_str_eq(options.command->name, "config");
	cr_assert_str_eq(options.arguments.items[0], "check");
}

static void assert_refused(const char *line, const char *because)
{
	cr_assert_eq(parse(line), -EINVAL, "'%s' was accepted", line);
	cr_assert_not_null(strstr(err.text, because), "'%s': %s", line, err.text);
	options_finish(&options);
}

Test(options, refuse_nonsense_with_its_reason)
{
	assert_refused("upgrade", "no command 'upgrade'");
	assert_refused("--nonsense", "--nonsense");
	assert_refused("-x", "-x");
	assert_refused("--to", "wants a value");
	assert_refused("update now", "one word too many");
	assert_refused("config", "wants one of");
	assert_refused("--root relative", "absolute");
	assert_refused("--check --dry-run", "exclude");
}

Test(options, refuse_what_a_command_would_ignore)
{
	assert_refused("config check --to 1.0.0", "does not take");
	assert_refused("preflight --dry-run", "does not take");
	assert_refused("config check --force", "does not take");
}

Test(options, ask_for_help_without_further_demands)
{
	cr_assert_eq(parse("config --help"), 0);
	cr_assert(options.help);
}

Test(options, help_names_every_command)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	options_print_help(to);
	(void)fclose(to);
	for (const struct command_row *row = command_rows; row->name != NULL; row++) {
		cr_assert_not_null(strstr(text, row->name), "%s is not in --help", row->name);
	}
	free(text);
}

Test(options, help_fits_a_terminal)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	options_print_help(to);
	(void)fclose(to);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		cr_assert_leq(strlen(line), 80, "%s", line);
	}
	free(text);
}
