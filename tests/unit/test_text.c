/*
 * test_text.c - text.h: strict numbers, Unicode's table 3-7, whole words, and nothing that could
 * drive a terminal.
 */
#include "base/text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define UNTOUCHED 77

struct number_case {
	const char *text;
	int rc;
	uint64_t value;
};

struct unit_case {
	const char *text;
	int rc;
	uint64_t value;
};

Test(text, u64_takes_digits_and_nothing_else)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"007", 0, 7},
		{"18446744073709551615", 0, UINT64_MAX},
		{"00000000000000000000000000000018446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, UNTOUCHED},
		{"18446744073709551620", -ERANGE, UNTOUCHED},
		{"99999999999999999999999999", -ERANGE, UNTOUCHED},
		{"", -EINVAL, UNTOUCHED},
		{"-1", -EINVAL, UNTOUCHED},
		{"-0", -EINVAL, UNTOUCHED},
		{"+1", -EINVAL, UNTOUCHED},
		{" 1", -EINVAL, UNTOUCHED},
		{"1 ", -EINVAL, UNTOUCHED},
		{"1\n", -EINVAL, UNTOUCHED},
		{"0x10", -EINVAL, UNTOUCHED},
		{"1e3", -EINVAL, UNTOUCHED},
		{"1.0", -EINVAL, UNTOUCHED},
		{"\xd9\xa1", -EINVAL, UNTOUCHED}, /* an Arabic one */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = UNTOUCHED;

		cr_assert_eq(text_parse_u64(cases[i].text, &value), cases[i].rc, "'%s'",
			     cases[i].text);
		cr_assert_eq(value, cases[i].value, "'%s'", cases[i].text);
	}
}

Test(text, i64_reaches_from_its_minimum_to_its_maximum)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"-1", 0, -1},
		{"9223372036854775807", 0, INT64_MAX},
		{"-9223372036854775807", 0, -INT64_MAX},
		{"-9223372036854775808", 0, INT64_MIN},
		{"9223372036854775808", -ERANGE, UNTOUCHED},
		{"-9223372036854775809", -ERANGE, UNTOUCHED},
		{"-18446744073709551616", -ERANGE, UNTOUCHED},
		{"", -EINVAL, UNTOUCHED},
		{"-", -EINVAL, UNTOUCHED},
		{"--1", -EINVAL, UNTOUCHED},
		{"+1", -EINVAL, UNTOUCHED},
		{"- 1", -EINVAL, UNTOUCHED},
		{" -1", -EINVAL, UNTOUCHED},
		{"1-", -EINVAL, UNTOUCHED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = UNTOUCHED;

		cr_assert_eq(text_parse_i64(cases[i].text, &value), cases[i].rc, "'%s'",
			     cases[i].text);
		cr_assert_eq(value, cases[i].value, "'%s'", cases[i].text);
	}
}

Test(text, durations_have_a_unit)
{
	static const struct unit_case cases[] = {
		{"0s", 0, 0},
		{"250ms", 0, 250},
		{"30s", 0, 30000},
		{"15min", 0, 900000},
		{"2h", 0, 7200000},
		{"18446744073709551615ms", 0, UINT64_MAX},
		{"18446744073709551s", 0, 18446744073709551000u},
		{"18446744073709552s", -ERANGE, UNTOUCHED},
		{"18446744073709551616ms", -ERANGE, UNTOUCHED},
		{"5124095576031h", -ERANGE, UNTOUCHED},
		{"99999999999999999999999999999s", -ERANGE, UNTOUCHED},
		{"0000000000000000000000000000001s", 0, 1000},
		{"30", -EINVAL, UNTOUCHED},
		{"0", -EINVAL, UNTOUCHED},
		{"s", -EINVAL, UNTOUCHED},
		{"", -EINVAL, UNTOUCHED},
		{"30 s", -EINVAL, UNTOUCHED},
		{"30s ", -EINVAL, UNTOUCHED},
		{" 30s", -EINVAL, UNTOUCHED},
		{"-1s", -EINVAL, UNTOUCHED},
		{"+1s", -EINVAL, UNTOUCHED},
		{"1.5s", -EINVAL, UNTOUCHED},
		{"30S", -EINVAL, UNTOUCHED},
		{"30m", -EINVAL, UNTOUCHED},
		{"1h30min", -EINVAL, UNTOUCHED},
		{"30sec", -EINVAL, UNTOUCHED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = UNTOUCHED;

		cr_assert_eq(text_parse_duration(cases[i].text, &value), cases[i].rc, "'%s'",
			     cases[i].text);
		cr_assert_eq(value, cases[i].value, "'%s'", cases[i].text);
	}
}

Test(text, sizes_may_have_a_unit)
{
	static const struct unit_case cases[] = {
		{"0", 0, 0},
		{"512", 0, 512},
		{"64KiB", 0, 65536},
		{"256MiB", 0, 268435456},
		{"1GiB", 0, 1073741824},
		{"18446744073709551615", 0, UINT64_MAX},
		{"17179869183GiB", 0, 18446744072635809792u},
		{"17179869184GiB", -ERANGE, UNTOUCHED},
		{"18446744073709551616", -ERANGE, UNTOUCHED},
		{"KiB", -EINVAL, UNTOUCHED},
		{"", -EINVAL, UNTOUCHED},
		{"1 KiB", -EINVAL, UNTOUCHED},
		{"1KB", -EINVAL, UNTOUCHED},
		{"1kib", -EINVAL, UNTOUCHED},
		{"1K", -EINVAL, UNTOUCHED},
		{"1TiB", -EINVAL, UNTOUCHED},
		{"-1KiB", -EINVAL, UNTOUCHED},
		{"1KiB\n", -EINVAL, UNTOUCHED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = UNTOUCHED;

		cr_assert_eq(text_parse_size(cases[i].text, &value), cases[i].rc, "'%s'",
			     cases[i].text);
		cr_assert_eq(value, cases[i].value, "'%s'", cases[i].text);
	}
}

/* The byte ranges of Unicode's table 3-7, written down a second time as the table prints them. */
static const struct {
	size_t length;
	unsigned char low[4];
	unsigned char high[4];
} table_3_7[] = {
	{1, {0x01}, {0x7f}},
	{2, {0xc2, 0x80}, {0xdf, 0xbf}},
	{3, {0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}},
	{3, {0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}},
	{3, {0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}},
	{3, {0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}},
	{4, {0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}},
	{4, {0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}},
	{4, {0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}},
};

static bool table_allows(const unsigned char *bytes, size_t length)
{
	for (size_t row = 0; row < sizeof(table_3_7) / sizeof(table_3_7[0]); row++) {
		bool fits = table_3_7[row].length == length;

		for (size_t i = 0; fits && i < length; i++) {
			fits = bytes[i] >= table_3_7[row].low[i] &&
			       bytes[i] <= table_3_7[row].high[i];
		}
		if (fits) {
			return true;
		}
	}
	return false;
}

Test(text, utf8_of_two_bytes_is_as_the_standard_has_it)
{
	for (unsigned pair = 0; pair <= 0xffff; pair++) {
		unsigned char bytes[] = {(unsigned char)(pair >> 8), (unsigned char)pair};
		bool expected = table_allows(bytes, 2) ||
				(table_allows(bytes, 1) && table_allows(bytes + 1, 1));

		cr_assert_eq(text_is_utf8((const char *)bytes, 2), expected, "%02x %02x", bytes[0],
			     bytes[1]);
	}
}

Test(text, utf8_of_three_and_four_bytes_is_as_the_standard_has_it)
{
	static const unsigned char edges[] = {0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
					      0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xff};

	for (unsigned lead = 0xe0; lead <= 0xff; lead++) {
		for (size_t i = 0; i < sizeof(edges) * sizeof(edges) * sizeof(edges); i++) {
			unsigned char bytes[] = {(unsigned char)lead, edges[i % sizeof(edges)],
						 edges[i / sizeof(edges) % sizeof(edges)],
						 edges[i / sizeof(edges) / sizeof(edges)]};

			cr_assert_eq(text_is_utf8((const char *)bytes, 3), table_allows(bytes, 3));
			/* Four bytes may also be three and one behind them. */
			bool four = table_allows(bytes, 4) ||
				    (table_allows(bytes, 3) && table_allows(bytes + 3, 1));

			cr_assert_eq(text_is_utf8((const char *)bytes, 4), four,
				     "%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
		}
	}
}

Test(text, a_cut_sequence_is_not_utf8_and_nothing_behind_it_is_read)
{
	static const char sequence[] = "\xf0\x9f\x98\x80";

	cr_assert(text_is_utf8(sequence, 4));
	for (size_t length = 1; length < 4; length++) {
		/* A copy of exactly that size: AddressSanitizer watches its end. */
		char *cut = malloc(length);

		cr_assert_not_null(cut);
		memcpy(cut, sequence, length);
		cr_assert_not(text_is_utf8(cut, length));
		free(cut);
	}
	cr_assert(text_is_utf8("", 0));
	cr_assert_not(text_is_utf8("a\0b", 3));
}

Test(text, sanitizing_takes_what_drives_a_terminal)
{
	static const struct {
		const char *dirty;
		const char *clean;
	} cases[] = {
		{"", ""},
		{"plain text\n\twith layout", "plain text\n\twith layout"},
		{"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
		{"\x1b]0;title\x07", "?]0;title?"},
		{"back\b\b\rover", "back???over"},
		{"\x7f", "?"},
		{"csi \x9b"
		 "31m",
		 "csi ?31m"}, /* C1 as a single byte is no UTF-8 */
		{"csi \xc2\x9b"
		 "31m",
		 "csi ?31m"}, /* and as U+009B it is a control */
		{"\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0"},
		{"a\xe2\x80\xae"
		 "b",
		 "a?b"}, /* U+202E */
		{"\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad", "????"},
		{"\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "????"},
		{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "???"}, /* the three marks */
		{"\xe2\x80\x93 \xe2\x82\xac \xe2\x81\xaa",
		 "\xe2\x80\x93 \xe2\x82\xac \xe2\x81\xaa"},
		{"\xc0\x9b", "??"},           /* ESC in too many bytes */
		{"\xed\xa0\x80", "???"},      /* a surrogate */
		{"\xf4\x90\x80\x80", "????"}, /* beyond U+10FFFF */
		{"cut \xe2\x80", "cut ??"},   /* the end is missing */
		{"\xe2\x1b[m", "??[m"},       /* a control hidden in a cut sequence */
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = strdup(cases[i].dirty);

		cr_assert_not_null(text);
		text_sanitize(text);
		cr_assert_str_eq(text, cases[i].clean, "case %zu", i);
		free(text);
	}
}

Test(text, whatever_was_sanitized_is_utf8_without_controls)
{
	unsigned state = 1;

	for (int round = 0; round < 20000; round++) {
		char text[24];

		for (size_t i = 0; i < sizeof(text); i++) {
			state = state * 1103515245u + 12345u;
			text[i] = (char)(state >> 16);
		}
		text[sizeof(text) - 1] = '\0';
		text_sanitize(text);
		cr_assert(text_is_utf8(text, strlen(text)));
		for (const char *c = text; *c != '\0'; c++) {
			cr_assert((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t');
		}
	}
}

Test(text, a_version_is_found_only_as_a_whole_word)
{
	static const struct {
		const char *haystack;
		bool found;
	} cases[] = {
		{"0.2.0", true},
		{"v0.2.0", true},
		{"banger 0.2.0", true},
		{"banger v0.2.0 (abc)", true},
		{"0.2.0\n", true},
		{"It runs 0.2.0.", true},
		{"It runs 0.2.0.\n", true},
		{"(0.2.0)", true},
		{"0.2.0, built today", true},
		{"10.2.0 and 0.2.0", true},
		{"0.2.01 0.2.0-rc1 0.2.0", true},
		{"", false},
		{"0.2", false},
		{"0.2.01", false},
		{"10.2.0", false},
		{"1.0.2.0", false},
		{"0.2.0.1", false},
		{"0.2.0-rc1", false},
		{"0.2.0+build", false},
		{"0.2.0_1", false},
		{"0.2.0a", false},
		{"dev0.2.0", false},
		{"vv0.2.0", false},
		{"banger-0.2.0", false},
		{"-v0.2.0", false},
		{"_0.2.0", false},
		{"0.2.0.rc", false},
		{"0x2x0", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(text_has_word(cases[i].haystack, "0.2.0"), cases[i].found, "'%s'",
			     cases[i].haystack);
	}
	cr_assert_not(text_has_word("anything", ""));
	cr_assert_not(text_has_word("", ""));
	cr_assert(text_has_word("aa aaa aa", "aaa"));
}

Test(text, prefix_and_suffix_are_compared_byte_by_byte)
{
	cr_assert(text_has_prefix("abc", "ab"));
	cr_assert(text_has_prefix("abc", ""));
	cr_assert_not(text_has_prefix("a", "ab"));
	cr_assert_not(text_has_prefix("", "a"));
	cr_assert(text_has_suffix("abc", "bc"));
	cr_assert(text_has_suffix("abc", ""));
	cr_assert_not(text_has_suffix("c", "bc"));
	cr_assert_not(text_has_suffix("bcd", "bc"));
}

Test(text, a_list_of_strings_copies_and_ends_with_a_null)
{
	auto_strings struct strings list = {0};
	char word[] = "first";

	cr_assert_not(strings_contain(&list, "first"));
	cr_assert_eq(strings_add(&list, word), 0);
	word[0] = 'w';
	cr_assert_eq(strings_add(&list, ""), 0);
	cr_assert_eq(list.count, 2);
	cr_assert_str_eq(list.items[0], "first");
	cr_assert_null(list.items[2]);
	cr_assert(strings_contain(&list, ""));
	cr_assert_not(strings_contain(&list, "firs"));
	strings_finish(&list);
	cr_assert_eq(list.count, 0);
}

/* The numbers first, first + 1, … */
static struct ids ids_from(int64_t first, size_t count)
{
	struct ids ids = {0};

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(ids_add(&ids, first + (int64_t)i), 0);
	}
	return ids;
}

Test(text, ids_are_shown_up_to_the_limit_and_then_counted)
{
	static const struct {
		size_t count;
		const char *text;
	} cases[] = {
		{0, "[]"},
		{1, "[1]"},
		{3, "[1 2 3]"},
		{LIMIT_IDS_SHOWN, "[1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16]"},
		{LIMIT_IDS_SHOWN + 1, "[1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 and 1 more]"},
		{1000000, "[1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 and 999984 more]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_ids struct ids ids = ids_from(1, cases[i].count);
		char text[IDS_TEXT_MAX];

		cr_assert_str_eq(ids_text(&ids, text), cases[i].text);
		cr_assert_eq(ids_contain(&ids, (int64_t)cases[i].count), cases[i].count > 0);
		cr_assert_not(ids_contain(&ids, (int64_t)cases[i].count + 1));
	}
}

Test(text, the_longest_ids_fit_their_text)
{
	auto_ids struct ids lowest = {0};
	char text[IDS_TEXT_MAX];

	for (size_t i = 0; i < LIMIT_IDS_SHOWN; i++) {
		cr_assert_eq(ids_add(&lowest, INT64_MIN), 0);
	}
	lowest.count = LIMIT_IDS_SHOWN;
	cr_assert(text_has_suffix(ids_text(&lowest, text), "-9223372036854775808]"));
	cr_assert_eq(ids_add(&lowest, INT64_MAX), 0);
	/* No list is that long; the sentence about it would still fit. */
	struct ids longest = {.items = lowest.items, .count = SIZE_MAX};

	cr_assert(text_has_suffix(ids_text(&longest, text), " and 18446744073709551599 more]"),
		  "%s", text);
	cr_assert_eq(strlen(text), 1 + 16 * 20 + 15 + strlen(" and 18446744073709551599 more]"));
}
