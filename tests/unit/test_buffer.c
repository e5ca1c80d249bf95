/*
 * test_buffer.c - buffer.h: everything up to the maximum, and nothing past it.
 */
#include "base/buffer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(buffer, an_empty_one_reads_as_an_empty_string_and_owns_nothing)
{
	struct buffer buffer = BUFFER_INIT(10);

	cr_assert_str_eq(buffer_text(&buffer), "");
	cr_assert_null(buffer.data);
	buffer_finish(&buffer);
	buffer_finish(&buffer);
}

Test(buffer, exactly_the_maximum_fits_and_one_byte_more_does_not)
{
	auto_buffer struct buffer buffer = BUFFER_INIT(4);

	cr_assert_eq(buffer_add(&buffer, "abcd", 4), 0);
	cr_assert_eq(buffer_add(&buffer, "e", 1), -E2BIG);
	cr_assert_eq(buffer_add_format(&buffer, "%d", 5), -E2BIG);
	cr_assert_eq(buffer.length, 4);
	cr_assert_str_eq(buffer_text(&buffer), "abcd");
}

Test(buffer, what_does_not_fit_leaves_nothing_behind)
{
	auto_buffer struct buffer buffer = BUFFER_INIT(4);

	cr_assert_eq(buffer_add(&buffer, "abc", 3), 0);
	cr_assert_eq(buffer_add(&buffer, "de", 2), -E2BIG);
	cr_assert_eq(buffer_add_format(&buffer, "%s", "de"), -E2BIG);
	cr_assert_eq(buffer.length, 3);
	cr_assert_str_eq(buffer_text(&buffer), "abc");
	cr_assert_eq(buffer_add(&buffer, "d", 1), 0);
	cr_assert_str_eq(buffer_text(&buffer), "abcd");
}

Test(buffer, a_length_near_the_largest_number_is_refused)
{
	auto_buffer struct buffer bounded = BUFFER_INIT(16);
	auto_buffer struct buffer boundless = BUFFER_INIT(SIZE_MAX);

	cr_assert_eq(buffer_add(&bounded, "ab", 2), 0);
	cr_assert_eq(buffer_add(&bounded, "x", SIZE_MAX), -E2BIG);
	cr_assert_eq(buffer_add(&bounded, "x", SIZE_MAX - 1), -E2BIG);
	cr_assert_neq(buffer_add(&boundless, "x", SIZE_MAX), 0);
	cr_assert_neq(buffer_add(&boundless, "x", SIZE_MAX - 1), 0);
	cr_assert_neq(buffer_add(&boundless, "x", SIZE_MAX / 2 + 2), 0);
	cr_assert_eq(boundless.length, 0);
	cr_assert_eq(buffer_add(&boundless, "ab", 2), 0);
	cr_assert_str_eq(buffer_text(&boundless), "ab");
}

Test(buffer, a_maximum_of_nothing_takes_nothing)
{
	auto_buffer struct buffer buffer = BUFFER_INIT(0);

	cr_assert_eq(buffer_add(&buffer, "", 0), 0);
	cr_assert_eq(buffer_add(&buffer, NULL, 0), 0);
	cr_assert_eq(buffer_add(&buffer, "a", 1), -E2BIG);
	cr_assert_str_eq(buffer_text(&buffer), "");
}

Test(buffer, its_memory_grows_no_further_than_its_maximum)
{
	const size_t maximum = 5000;
	auto_buffer struct buffer buffer = BUFFER_INIT(maximum);

	for (size_t i = 0; i < maximum; i++) {
		cr_assert_eq(buffer_add(&buffer, "x", 1), 0);
		cr_assert_eq(buffer.data[buffer.length], '\0');
		cr_assert(buffer.capacity <= maximum + 1);
	}
	cr_assert_eq(buffer_add(&buffer, "x", 1), -E2BIG);
	cr_assert_eq(strlen(buffer_text(&buffer)), maximum);
}

Test(buffer, bytes_may_hold_a_nul)
{
	auto_buffer struct buffer buffer = BUFFER_INIT(16);

	cr_assert_eq(buffer_add(&buffer, "a\0b", 3), 0);
	cr_assert_eq(buffer.length, 3);
	cr_assert_arr_eq(buffer.data, "a\0b", 4);
}

Test(buffer, formatted_text_is_appended)
{
	auto_buffer struct buffer buffer = BUFFER_INIT(1000);

	cr_assert_eq(buffer_add(&buffer, "one ", 4), 0);
	cr_assert_eq(buffer_add_format(&buffer, "%s %d", "two", 3), 0);
	cr_assert_str_eq(buffer_text(&buffer), "one two 3");
	cr_assert_eq(buffer.length, 9);
	cr_assert_eq(buffer_add_format(&buffer, "%*s", 991, "x"), 0);
	cr_assert_eq(buffer.length, 1000);
	cr_assert_eq(buffer_add_format(&buffer, "%s", ""), 0);
}

Test(buffer, clearing_forgets_the_content)
{
	auto_buffer struct buffer buffer = BUFFER_INIT(4);

	buffer_clear(&buffer);
	cr_assert_eq(buffer_add(&buffer, "abcd", 4), 0);
	buffer_clear(&buffer);
	cr_assert_eq(buffer.length, 0);
	cr_assert_str_eq(buffer_text(&buffer), "");
	cr_assert_eq(buffer_add(&buffer, "wxyz", 4), 0);
	cr_assert_str_eq(buffer_text(&buffer), "wxyz");
}

Test(buffer, detaching_hands_the_content_over)
{
	auto_buffer struct buffer buffer = BUFFER_INIT(8);

	cr_assert_eq(buffer_add(&buffer, "abc", 3), 0);
	char *text = buffer_detach(&buffer);

	cr_assert_str_eq(text, "abc");
	cr_assert_eq(buffer.length, 0);
	cr_assert_str_eq(buffer_text(&buffer), "");
	cr_assert_eq(buffer_add(&buffer, "12345678", 8), 0);
	cr_assert_str_eq(text, "abc");
	free(text);
}

Test(buffer, detaching_from_an_empty_one_gives_an_empty_string)
{
	struct buffer buffer = BUFFER_INIT(8);
	char *text = buffer_detach(&buffer);

	cr_assert_str_eq(text, "");
	free(text);
}
