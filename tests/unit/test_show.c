/*
 * test_show.c - what `config show` prints: its shape, whatever the width and the values.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_case.h"
#include "update/show.h"

#define WIDE   80
#define NARROW 40

static struct config_case shown;
static char *text;

static void show(const char *ini, unsigned width)
{
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	shown = case_good(ini);
	cr_assert(show_config(to, shown.config, width));
	(void)fclose(to);
}

static void end(void)
{
	free(text);
	case_finish(&shown);
}

TestSuite(show, .fini = end);

/* The line that begins with left, without its newline. The caller frees it. */
static char *line_of(const char *left)
{
	const char *line = text;

	while (line != NULL && strncmp(line, left, strlen(left)) != 0) {
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	cr_assert(line != NULL, "no line begins with '%s':\n%s", left, text);
	return strndup(line, strcspn(line, "\n"));
}

static void expect_right(const char *left, const char *right, size_t length)
{
	char *line = line_of(left);

	cr_assert_eq(strlen(line), length, "'%s'", line);
	cr_assert_str_eq(line + length - strlen(right), right);
	free(line);
}

Test(show, origins_stand_at_the_right_edge)
{
	char *origin = NULL;

	show(LEAST_LINES, WIDE);
	cr_assert(asprintf(&origin, " %s:2", shown.path) > 0);
	expect_right("product = notesd", origin, WIDE);
	expect_right("settle = 5s", " default", WIDE);
	expect_right("staging_dir", " unset", WIDE);
	free(origin);
}

Test(show, an_origin_that_does_not_fit_stands_below_and_is_whole)
{
	char *origin = NULL;

	show(LEAST_LINES "[health]\ncommand = /usr/bin/check --one --two\n", NARROW);
	cr_assert(asprintf(&origin, "%s:8\n", shown.path) > 0);
	const char *below = strstr(text, "\ncommand = /usr/bin/check --one --two\n    ");

	cr_assert_not_null(below, "%s", text);
	below = strstr(below, "--two\n") + strlen("--two\n");
	below += strspn(below, " ");
	cr_assert(strncmp(below, origin, strlen(origin)) == 0, "%s", text);
	free(origin);
}

Test(show, long_values_are_wrapped_between_words)
{
	show(LEAST_LINES "[health]\ncommand = /usr/bin/check --one --two --three --four\n", NARROW);
	cr_assert_not_null(strstr(text, "\ncommand = /usr/bin/check --one --two\n    --three "
					"--four\n"),
			   "%s", text);
}

Test(show, letters_are_counted_not_bytes)
{
	show(LEAST_LINES "[plugin p]\nk = \xc3\xa4\xc3\xb6\xc3\xbc\n", WIDE);
	char *line = line_of("k = ");

	cr_assert_eq(strlen(line), WIDE + 3, "'%s'", line);
	free(line);
}

Test(show, what_would_turn_the_terminal_around_is_taken_out)
{
	show(LEAST_LINES "[plugin p]\nk = a\xe2\x80\xae"
			 "b\n",
	     WIDE);
	cr_assert_null(strstr(text, "\xe2\x80\xae"), "%s", text);
	cr_assert_not_null(strstr(text, "k = a?"), "%s", text);
}

Test(show, each_header_stands_once_and_sections_without_keys_have_one)
{
	show(LEAST_LINES "[plugin p]\nk = 1\n[plugin q]\n", WIDE);
	const char *header = strstr(text, "\n[plugin p]\n");

	cr_assert_not_null(header);
	cr_assert_null(strstr(header + 2, "[plugin p]"));
	cr_assert_not_null(strstr(header, "\n\n[plugin q]\nenabled = yes "), "%s", text);
}

Test(show, what_cannot_be_written_is_no_success)
{
	shown = case_good(LEAST_LINES);
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_assert_not(show_config(full, shown.config, WIDE));
	(void)fclose(full);
}
