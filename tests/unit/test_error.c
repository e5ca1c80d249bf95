/*
 * test_error.c - error.h: the code comes back, and of a long sentence the cause survives.
 */
#include "base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LONG_TEXT 20000

static char *repeated(const char *unit, size_t length)
{
	size_t step = strlen(unit);
	char *text = calloc(length + step + 1, 1);

	cr_assert_not_null(text);
	for (size_t used = 0; used < length; used += step) {
		memcpy(text + used, unit, step);
	}
	return text;
}

Test(error, set_returns_its_code_and_keeps_code_and_sentence)
{
	struct error err;

	cr_assert_eq(error_set(&err, -EIO, "cannot read %s: %s", "/x", "broken"), -EIO);
	cr_assert_eq(err.code, -EIO);
	cr_assert_str_eq(err.text, "cannot read /x: broken");
}

Test(error, a_sentence_of_the_maximum_is_kept_whole)
{
	struct error err;
	char *text = repeated("x", ERROR_TEXT_MAX - 1);

	(void)error_set(&err, -EIO, "%s", text);
	cr_assert_str_eq(err.text, text);
	free(text);
}

Test(error, one_byte_more_loses_its_middle_and_says_so)
{
	struct error err;
	char *text = repeated("x", ERROR_TEXT_MAX - 3);

	(void)error_set(&err, -EIO, "A%sZZ", text);
	cr_assert(strlen(err.text) < ERROR_TEXT_MAX);
	cr_assert_eq(err.text[0], 'A');
	cr_assert(text_has_suffix(err.text, "xZZ"));
	cr_assert_not_null(strstr(err.text, " ... "));
	free(text);
}

Test(error, the_cause_survives_a_text_of_twenty_thousand_bytes)
{
	struct error err;
	char *path = repeated("/directory", LONG_TEXT);

	cr_assert_eq(error_set(&err, -ENOSPC, "cannot write %s: No space left", path), -ENOSPC);
	cr_assert(text_has_prefix(err.text, "cannot write /directory"), "%s", err.text);
	cr_assert(text_has_suffix(err.text, ": No space left"), "%s", err.text);
	free(path);
}

Test(error, the_cause_survives_a_prefix_of_twenty_thousand_bytes)
{
	struct error err;
	char *path = repeated("/directory", LONG_TEXT);

	(void)error_set(&err, -ENOSPC, "No space left");
	cr_assert_eq(error_prefix(&err, "cannot write %s", path), -ENOSPC);
	cr_assert_eq(err.code, -ENOSPC);
	cr_assert(text_has_prefix(err.text, "cannot write /directory"), "%s", err.text);
	cr_assert(text_has_suffix(err.text, ": No space left"), "%s", err.text);
	free(path);
}

Test(error, the_cause_survives_a_thousand_prefixes)
{
	struct error err;

	(void)error_set(&err, -ENOENT, "no such key");
	for (int i = 0; i < 1000; i++) {
		(void)error_prefix(&err, "layer %d", i);
	}
	cr_assert(text_has_prefix(err.text, "layer 999: layer 998: "), "%s", err.text);
	cr_assert(text_has_suffix(err.text, ": no such key"), "%s", err.text);
}

Test(error, prefixes_stand_in_front_in_the_order_of_the_layers)
{
	struct error err;

	(void)error_set(&err, -ENOENT, "inner");
	cr_assert_eq(error_prefix(&err, "middle %d", 2), -ENOENT);
	cr_assert_eq(error_prefix(&err, "outer"), -ENOENT);
	cr_assert_str_eq(err.text, "outer: middle 2: inner");
}

Test(error, a_sentence_may_quote_the_one_it_replaces)
{
	struct error err;

	(void)error_set(&err, -ENOENT, "first");
	(void)error_set(&err, -EIO, "again, after '%s'", err.text);
	cr_assert_str_eq(err.text, "again, after 'first'");
	(void)error_prefix(&err, "%s", err.text);
	cr_assert_str_eq(err.text, "again, after 'first': again, after 'first'");
}

Test(error, a_cut_never_splits_a_character)
{
	/* Four shifts of a three-byte character put every one of its bytes on the cut. */
	char *path = repeated("\xe2\x82\xac", 4000);

	for (int shift = 0; shift < 4; shift++) {
		struct error err;

		(void)error_set(&err, -EIO, "%.*s%s%.*s", shift, "abc", path, 3 - shift, "xyz");
		cr_assert(text_is_utf8(err.text, strlen(err.text)), "shift %d", shift);
		cr_assert(strlen(err.text) > ERROR_TEXT_MAX - 16, "shift %d", shift);
	}
	free(path);
}

Test(error, no_memory_is_told_in_one_sentence)
{
	struct error err;

	cr_assert_eq(error_no_memory(&err), -ENOMEM);
	cr_assert_eq(err.code, -ENOMEM);
	cr_assert_not_null(strstr(err.text, "memory"));
}
