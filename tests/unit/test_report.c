/*
 * test_report.c - the wrapping of the live report.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "update/report.h"

static char *wrap(unsigned width, unsigned indent, const char *text)
{
	char *wrapped = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&wrapped, &length);

	report_wrap(to, width, indent, text);
	(void)fclose(to);
	return wrapped;
}

Test(report, wraps_at_the_width_with_a_hanging_indent)
{
	char *text = wrap(20, 4, "one two three four five");

	cr_assert_str_eq(text, "one two three\n    four five\n");
	free(text);
}

Test(report, keeps_a_word_that_is_too_long_whole)
{
	char *text = wrap(10, 2, "a /a/path/that/is/longer b");

	cr_assert_str_eq(text, "a\n  /a/path/that/is/longer\n  b\n");
	free(text);
}

Test(report, keeps_line_ends)
{
	char *text = wrap(40, 2, "first\nsecond");

	cr_assert_str_eq(text, "first\n  second\n");
	free(text);
}

Test(report, counts_characters_not_bytes)
{
	char *text = wrap(12, 0, "\u00e4\u00e4\u00e4\u00e4\u00e4 \u00f6\u00f6\u00f6\u00f6\u00f6 x");

	cr_assert_str_eq(text,
			 "\u00e4\u00e4\u00e4\u00e4\u00e4 \u00f6\u00f6\u00f6\u00f6\u00f6\nx\n");
	free(text);
}

Test(report, ends_an_empty_text_with_its_line)
{
	char *text = wrap(12, 0, "");

	cr_assert_str_eq(text, "\n");
	free(text);
}
