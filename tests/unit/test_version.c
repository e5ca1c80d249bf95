/*
 * test_version.c - version.h against Semantic Versioning 2.0.0 and its published example list.
 */
#include "model/version.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct version version_of(const char *text)
{
	struct version version;
	struct error err;

	cr_assert_eq(version_parse(text, &version, &err), 0, "'%s': %s", text, err.text);
	return version;
}

static int order(const char *a, const char *b)
{
	struct version left = version_of(a);
	struct version right = version_of(b);
	int result = version_compare(&left, &right);

	return (result > 0) - (result < 0);
}

Test(version, its_parts_are_told_apart)
{
	struct version version = version_of("v1.22.333-rc.1+build.5");

	cr_assert_eq(version.major, 1);
	cr_assert_eq(version.minor, 22);
	cr_assert_eq(version.patch, 333);
	cr_assert_str_eq(version.prerelease, "rc.1");
	cr_assert_str_eq(version.text, "1.22.333-rc.1+build.5");
	cr_assert_str_eq(version_of("1.2.3+b").prerelease, "");
}

Test(version, what_the_specification_calls_valid_is_read)
{
	static const char *const valid[] = {
		"0.0.4",
		"1.2.3",
		"10.20.30",
		"1.1.2-prerelease+meta",
		"1.1.2+meta",
		"1.1.2+meta-valid",
		"1.0.0-alpha",
		"1.0.0-beta",
		"1.0.0-alpha.beta",
		"1.0.0-alpha.beta.1",
		"1.0.0-alpha.1",
		"1.0.0-alpha0.valid",
		"1.0.0-alpha.0valid",
		"1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
		"1.0.0-rc.1+build.1",
		"2.0.0-rc.1+build.123",
		"1.2.3-beta",
		"10.2.3-DEV-SNAPSHOT",
		"1.2.3-SNAPSHOT-123",
		"1.0.0",
		"2.0.0",
		"1.1.7",
		"2.0.0+build.1848",
		"2.0.1-alpha.1227",
		"1.0.0-alpha+beta",
		"1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
		"1.2.3----R-S.12.9.1--.12+meta",
		"1.2.3----RC-SNAPSHOT.12.9.1--.12",
		"1.0.0+0.build.1-rc.10000aaa-kk-0.1",
		"1.0.0-0A.is.legal",
		"v1.0.0",
		"0.0.0",
		"1.0.0-0",
		"1.0.0+001",
		"9007199254740992.0.0",
		"1.0.0-99999999999999999999999999999999",
	};

	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		(void)version_of(valid[i]);
	}
}

Test(version, what_the_specification_calls_invalid_is_refused)
{
	static const char *const invalid[] = {
		"",
		"v",
		"1",
		"1.2",
		"1.2.",
		"1.2.3.4",
		"1.2.3-0123",
		"1.2.3-0123.0123",
		"1.1.2+.123",
		"+invalid",
		"-invalid",
		"-invalid+invalid",
		"-invalid.01",
		"alpha",
		"alpha.beta",
		"alpha.beta.1",
		"alpha.1",
		"alpha+beta",
		"alpha_beta",
		"alpha.",
		"alpha..",
		"beta",
		"1.0.0-alpha_beta",
		"-alpha.",
		"1.0.0-alpha..",
		"1.0.0-alpha..1",
		"1.0.0-alpha...1",
		"01.1.1",
		"1.01.1",
		"1.1.01",
		"1.2.3.DEV",
		"1.2-SNAPSHOT",
		"1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
		"1.2-RC-SNAPSHOT",
		"-1.0.3-gamma+b7718",
		"+justmeta",
		"9.8.7+meta+meta",
		"9.8.7-whatever+meta+meta",
		"1.0.0-",
		"1.0.0+",
		"1.0.0-+b",
		"1.0.0-a+",
		"vv1.0.0",
		"V1.0.0",
		" 1.0.0",
		"1.0.0 ",
		"1.0.0\n",
		"1. 0.0",
		"-1.0.0",
		"1.-1.0",
		"+1.0.0",
		"1.0.0-a\xc3\xbc",
		"1.0.0-00",
		"1,0,0",
		"1.0.0-rc.01",
		"0x1.0.0",
	};

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		struct version version = {.major = 42};
		struct error err;

		cr_assert_eq(version_parse(invalid[i], &version, &err), -EINVAL, "'%s'",
			     invalid[i]);
		cr_assert_eq(version.major, 42, "'%s'", invalid[i]);
	}
}

Test(version, a_number_beyond_2_to_the_53_is_out_of_range)
{
	static const char *const huge[] = {
		"9007199254740993.0.0",
		"0.18446744073709551616.0",
		"0.0.99999999999999999999999",
		"0.0.999999999999999999999999999999999999999999999999",
	};

	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		struct version version;
		struct error err;

		cr_assert_eq(version_parse(huge[i], &version, &err), -ERANGE, "'%s'", huge[i]);
	}
}

Test(version, its_text_is_bounded)
{
	char text[VERSION_TEXT_MAX + 2];
	struct version version;
	struct error err;

	(void)snprintf(text, sizeof(text), "v1.0.0-%0*d", 0, 0);
	memset(text + 7, 'a', sizeof(text) - 7);
	text[VERSION_TEXT_MAX] = '\0'; /* with the v */
	cr_assert_eq(version_parse(text, &version, &err), 0);
	cr_assert_str_eq(version.text, text + 1);
	text[VERSION_TEXT_MAX] = 'a';
	text[VERSION_TEXT_MAX + 1] = '\0';
	cr_assert_eq(version_parse(text, &version, &err), -EINVAL);
}

Test(version, the_order_is_the_specification_s)
{
	/* Section 11, and behind it a few of our own; each is older than the next. */
	static const char *const ascending[] = {
		"0.0.0",
		"0.0.9",
		"0.9.0",
		"1.0.0-0",
		"1.0.0-9",
		"1.0.0-10",
		"1.0.0-99999999999999999999",
		"1.0.0-100000000000000000000",
		"1.0.0--",
		"1.0.0-0a",
		"1.0.0-A",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.1.0",
		"1.0.0-alpha.beta",
		"1.0.0-alpha-1",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0",
		"1.0.1",
		"1.0.10",
		"1.2.0",
		"1.10.0",
		"2.0.0",
		"2.1.0",
		"2.1.1",
		"10.0.0",
		"9007199254740991.0.0",
		"9007199254740992.0.0",
	};
	const size_t count = sizeof(ascending) / sizeof(ascending[0]);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			cr_assert_eq(order(ascending[i], ascending[j]), (i > j) - (i < j),
				     "%s and %s", ascending[i], ascending[j]);
		}
	}
}

Test(version, build_metadata_and_a_leading_v_do_not_count)
{
	cr_assert_eq(order("1.0.0+a", "1.0.0+b"), 0);
	cr_assert_eq(order("1.0.0+99", "1.0.0"), 0);
	cr_assert_eq(order("1.0.0-rc.1+zzz", "1.0.0-rc.1"), 0);
	cr_assert_eq(order("1.0.0-rc.1+zzz", "1.0.0-rc.2+aaa"), -1);
	cr_assert_eq(order("1.0.0-rc.1+b", "1.0.0+a"), -1);
	cr_assert_eq(order("v1.0.0", "1.0.0"), 0);
}

Test(version, the_first_one_in_a_text_is_found)
{
	static const struct {
		const char *text;
		const char *version;
	} cases[] = {
		{"1.2.3", "1.2.3"},
		{"banger 1.2.3 (abc)", "1.2.3"},
		{"banger v1.2.3\n", "1.2.3"},
		{"banger version: 1.2.3-rc.1+b, built 2026", "1.2.3-rc.1+b"},
		{"(1.2.3)", "1.2.3"},
		{"glibc 2.36 banger 0.2.0 other 0.3.0", "0.2.0"},
		{"1.2.3.4 2.0.0", "2.0.0"},
		{"99999999999999999999.0.0 1.0.0", "1.0.0"},
		{"\n\n  1.0.0", "1.0.0"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct version version;
		struct error err;

		cr_assert_eq(version_find(cases[i].text, &version, &err), 0, "'%s'", cases[i].text);
		cr_assert_str_eq(version.text, cases[i].version);
	}
}

Test(version, where_there_is_none_nothing_is_found)
{
	static const char *const without[] = {
		"", " \n", "banger", "banger 1.2", "1.2.3.4", "banger-1.2.3x", "error: no version",
	};

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct version version;
		struct error err;

		cr_assert_eq(version_find(without[i], &version, &err), -ENOENT, "'%s'", without[i]);
	}
}

Test(version, a_word_of_any_length_does_not_hide_the_version_behind_it)
{
	const size_t length = 100000;
	char *text = malloc(length + 16);
	struct version version;
	struct error err;

	cr_assert_not_null(text);
	memset(text, '1', length);
	(void)strcpy(text + length, " v3.2.1");
	cr_assert_eq(version_find(text, &version, &err), 0);
	cr_assert_str_eq(version.text, "3.2.1");
	free(text);
}
