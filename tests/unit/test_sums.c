/*
 * test_sums.c - SHA256SUMS: two forms of lines, and no third.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release/sums.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

/* Text with NULs in it. */
#define WITH_LENGTH(literal) literal, sizeof(literal) - 1

static const struct {
	const char *text;
	size_t length;
	size_t count;
	const char *name; /* one that has to be found */
} good[] = {
	{WITH_LENGTH(""), 0, NULL},
	{WITH_LENGTH("\n\n"), 0, NULL},
	{WITH_LENGTH("# nothing yet"), 0, NULL},
	{WITH_LENGTH(HEX_A "  a\n"), 1, "a"},
	{WITH_LENGTH(HEX_A "  a"), 1, "a"},
	{WITH_LENGTH(HEX_B " *a.tar.zst\n"), 1, "a.tar.zst"},
	{WITH_LENGTH("SHA256 (a) = " HEX_A "\n"), 1, "a"},
	{WITH_LENGTH("SHA256 (a) = b) = " HEX_A), 1, "a) = b"},
	{WITH_LENGTH(HEX_A "  a name with blanks\n"), 1, "a name with blanks"},
	{WITH_LENGTH(HEX_A "  \xc3\xa4\n"), 1, "\xc3\xa4"},
	{WITH_LENGTH(HEX_A "   leading\n"), 1, " leading"},
	/* What coreutils and BSD themselves write of a file called "*a" or "(a)" */
	{WITH_LENGTH(HEX_A " **a\n"), 1, "*a"},
	{WITH_LENGTH("SHA256 ((a)) = " HEX_A "\n"), 1, "(a)"},
	{WITH_LENGTH(HEX_A "  a\n" HEX_A "  A\n"), 2, "A"},
	{WITH_LENGTH("# both\n" HEX_A "  a\n\nSHA256 (b) = " HEX_B "\n"), 2, "b"},
};

static const struct {
	const char *text;
	size_t length;
	size_t line;
	const char *why;
} bad[] = {
	{WITH_LENGTH("hello\n"), 1, "neither"},
	{WITH_LENGTH(" \n"), 1, "neither"},
	{WITH_LENGTH(HEX_A "\n"), 1, "neither"},
	{WITH_LENGTH(HEX_A " a\n"), 1, "neither"},
	{WITH_LENGTH(HEX_A "\ta\n"), 1, "neither"},
	{WITH_LENGTH("\\" HEX_A "  a\\n\n"), 1, "neither"},
	{WITH_LENGTH(HEX_A "a  a\n"), 1, "neither"},
	{WITH_LENGTH(" " HEX_A "  a\n"), 1, "neither"},
	{WITH_LENGTH("SHA1 (a) = aaaa\n"), 1, "neither"},
	{WITH_LENGTH("SHA256 (a)= " HEX_A "\n"), 1, "neither"},
	{WITH_LENGTH("SHA256 (a) = " HEX_A " \n"), 1, "neither"},
	{WITH_LENGTH("SHA256 (" HEX_A "\n"), 1, "neither"},
	{WITH_LENGTH(HEX_A "  \n"), 1, "empty"},
	{WITH_LENGTH("SHA256 () = " HEX_A "\n"), 1, "empty"},
	{WITH_LENGTH(HEX_A "  ../a\n"), 1, "dot"},
	{WITH_LENGTH(HEX_A "  .\n"), 1, "dot"},
	{WITH_LENGTH(HEX_A "  .hidden\n"), 1, "dot"},
	{WITH_LENGTH(HEX_A "  dist/a\n"), 1, "'/'"},
	{WITH_LENGTH(HEX_A "  /a\n"), 1, "'/'"},
	{WITH_LENGTH(HEX_A "  ..\\a\n"), 1, "dot"},
	{WITH_LENGTH("SHA256 (../a) = " HEX_A "\n"), 1, "dot"},
	{WITH_LENGTH("SHA256 (a/b) = " HEX_A "\n"), 1, "'/'"},
	{WITH_LENGTH(HEX_A "  a\r\n"), 1, "control"},
	{WITH_LENGTH("SHA256 (a) = " HEX_A "\r\n"), 1, "neither"},
	{WITH_LENGTH(HEX_A "  a\r"), 1, "control"},
	{WITH_LENGTH("\r\n"), 1, "neither"},
	{WITH_LENGTH("\xef\xbb\xbf" HEX_A "  a\n"), 1, "neither"},
	{WITH_LENGTH("sha256 (a) = " HEX_A "\n"), 1, "neither"},
	{WITH_LENGTH("SHA256(a)= " HEX_A "\n"), 1, "neither"},
	{WITH_LENGTH("SHA512 (a) = " HEX_A HEX_A "\n"), 1, "neither"},
	{WITH_LENGTH("\0"), 1, "neither"},
	{WITH_LENGTH(HEX_A "  a\n\0"), 2, "neither"},
	{WITH_LENGTH(HEX_A "  a\0\n" HEX_B "  a\n"), 1, "control"},
	{WITH_LENGTH(HEX_A "  a\0b\n"), 1, "control"},
	{WITH_LENGTH(HEX_A "  a\0"), 1, "control"},
	{WITH_LENGTH(HEX_A "  a\x7f\n"), 1, "control"},
	{WITH_LENGTH(HEX_A "  a\033[2J\n"), 1, "control"},
	{WITH_LENGTH(HEX_A "  a\xff\n"), 1, "UTF-8"},
	{WITH_LENGTH(HEX_A "  a\n" HEX_B "  a\n"), 2, "twice"},
	{WITH_LENGTH(HEX_A "  a\n" HEX_A "  a\n"), 2, "twice"},
	{WITH_LENGTH(HEX_A "  a\n" HEX_A " *a\n"), 2, "twice"},
	{WITH_LENGTH(HEX_A "  a\n# x\n\nSHA256 (a) = " HEX_A), 4, "twice"},
	{WITH_LENGTH(HEX_A "  a\n" HEX_A "  b\nhello"), 3, "neither"},
};

Test(sums, understands_both_forms)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct sums sums = {0};
		struct error err = {0};

		cr_assert_eq(sums_parse(good[i].text, good[i].length, &sums, &err), 0, "%zu: %s", i,
			     err.text);
		cr_assert_eq(sums.count, good[i].count, "%zu", i);
		if (good[i].name != NULL) {
			cr_assert_not_null(sums_find(&sums, good[i].name), "%zu", i);
		}
		cr_assert_null(sums_find(&sums, "absent"));
		sums_finish(&sums);
	}
}

Test(sums, reads_the_hash_of_either_case)
{
	static const char text[] = HEX_A "  a\nSHA256 (b) = " HEX_B "\n";
	struct sums sums = {0};
	struct error err;

	cr_assert_eq(sums_parse(text, sizeof(text) - 1, &sums, &err), 0);
	cr_assert_eq(sums_find(&sums, "a")->bytes[31], 0xaa);
	cr_assert_eq(sums_find(&sums, "b")->bytes[0], 0xbb);
	sums_finish(&sums);
}

Test(sums, refuses_the_rest_and_names_the_line)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sums sums = {0};
		struct error err = {0};
		char line[32];

		(void)snprintf(line, sizeof(line), "line %zu: ", bad[i].line);
		cr_assert_eq(sums_parse(bad[i].text, bad[i].length, &sums, &err), -EBADMSG, "%zu",
			     i);
		cr_assert_eq(strncmp(err.text, line, strlen(line)), 0, "%zu: %s", i, err.text);
		cr_assert(strstr(err.text, bad[i].why) != NULL, "%zu: %s", i, err.text);
		cr_assert_eq(sums.count, 0);
	}
}

Test(sums, refuses_digits_that_are_none)
{
	char text[] = HEX_A "  a\n";
	struct sums sums = {0};
	struct error err;

	text[63] = 'g';
	cr_assert_eq(sums_parse(text, strlen(text), &sums, &err), -EBADMSG);
	cr_assert(strstr(err.text, "hexadecimal") != NULL, "%s", err.text);
}

Test(sums, refuses_a_hash_of_another_length)
{
	static const char digits[] = HEX_A HEX_A;

	for (int length = 0; length <= 128; length++) {
		char gnu[160];
		char bsd[160];
		struct sums sums = {0};
		struct error err;
		int expected = length == 64 ? 0 : -EBADMSG;

		(void)snprintf(gnu, sizeof(gnu), "%.*s  a\n", length, digits);
		(void)snprintf(bsd, sizeof(bsd), "SHA256 (a) = %.*s\n", length, digits);
		cr_assert_eq(sums_parse(gnu, strlen(gnu), &sums, &err), expected, "%d", length);
		sums_finish(&sums);
		cr_assert_eq(sums_parse(bsd, strlen(bsd), &sums, &err), expected, "%d", length);
		sums_finish(&sums);
	}
}

Test(sums, refuses_names_that_no_file_can_have)
{
	for (size_t length = NAME_MAX; length <= 4096; length += length == NAME_MAX ? 1 : 1280) {
		char text[5000] = HEX_A "  ";
		struct sums sums = {0};
		struct error err;

		memset(text + 66, 'a', length);
		cr_assert_eq(sums_parse(text, 66 + length, &sums, &err),
			     length == NAME_MAX ? 0 : -EBADMSG, "%zu", length);
		sums_finish(&sums);
	}
}
