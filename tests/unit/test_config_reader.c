/*
 * test_config_reader.c - bytes -> sections and keys, and every line that must not pass.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "config/reader.h"

static struct document document;
static struct error err;

static int read_bytes(const char *bytes, size_t length)
{
	document_finish(&document);
	cr_assert(document_init(&document, "x.ini", &err) == 0);
	return reader_read(&document, bytes, length, &err);
}

static void forget(void)
{
	document_finish(&document);
}

TestSuite(config_reader, .fini = forget);

static void accept(const char *text)
{
	cr_assert(read_bytes(text, strlen(text)) == 0, "refused: %s", err.text);
}

static void refuse_bytes(const char *bytes, size_t length, unsigned line, const char *part)
{
	char position[32];

	(void)snprintf(position, sizeof(position), "x.ini:%u: ", line);
	cr_assert(read_bytes(bytes, length) == -EINVAL, "not refused:\n%s", bytes);
	cr_assert(strncmp(err.text, position, strlen(position)) == 0, "'%s': not '%s'", err.text,
		  position);
	cr_assert(strstr(err.text, part) != NULL, "'%s' does not say '%s'", err.text, part);
}

static void refuse(const char *text, unsigned line, const char *part)
{
	refuse_bytes(text, strlen(text), line, part);
}

static const char *value_of(enum section_kind kind, size_t index, const char *key)
{
	const struct entry *entry = section_entry(document_section(&document, kind, index), key);

	cr_assert(entry != NULL, "%s is not there", key);
	return entry->value;
}

Test(config_reader, keeps_sections_keys_and_their_lines)
{
	accept("; a comment\n\n[update]\nproduct = banger\n  # another\n[artifact "
	       "a]\ninstall=/a\n");
	cr_assert(document.section_count == 2);
	cr_assert(document.sections[1].origin.line == 6);
	cr_assert_str_eq(document.sections[1].name, "a");
	cr_assert_str_eq(value_of(SECTION_ARTIFACT, 0, "install"), "/a");
	cr_assert(document.sections[0].entries[0].origin.line == 4);
	cr_assert_str_eq(document.sections[0].entries[0].origin.file, "x.ini");
	cr_assert(document.lines == 7);
}

Test(config_reader, an_empty_file_is_an_empty_document)
{
	accept("");
	cr_assert(document.section_count == 0);
	cr_assert(document.lines == 0);
}

Test(config_reader, a_section_without_keys_exists)
{
	accept("[service one.service]\n[service two@3.service]\n");
	cr_assert(document.section_count == 2);
	cr_assert_str_eq(document_section(&document, SECTION_SERVICE, 1)->name, "two@3.service");
}

Test(config_reader, the_last_line_needs_no_newline)
{
	accept("[update]\nproduct = banger");
	cr_assert_str_eq(value_of(SECTION_UPDATE, 0, "product"), "banger");
}

Test(config_reader, accepts_dos_line_ends_without_keeping_them)
{
	accept("[update]\r\n\r\nproduct = banger\r\n; comment\r\n");
	cr_assert_str_eq(value_of(SECTION_UPDATE, 0, "product"), "banger");
	cr_assert(document.lines == 4);
}

Test(config_reader, refuses_a_carriage_return_inside_a_line)
{
	refuse("[update]\nproduct = a\rkeys = /b\n", 2, "control character 0x0d");
	refuse("[update]\nproduct = a\r\r\n", 2, "control character 0x0d");
	refuse("[update]\nproduct = a\r", 2, "control character 0x0d");
}

Test(config_reader, accepts_a_byte_order_mark_at_the_beginning_only)
{
	accept("\xef\xbb\xbf[update]\nproduct = banger\n");
	cr_assert(document.section_count == 1);
	refuse("[update]\n\xef\xbb\xbfproduct = banger\n", 2, "is no key");
	refuse("\xef\xbb\xbf\xef\xbb\xbf[update]\n", 1, "no comment, [section] or 'key = value'");
}

Test(config_reader, refuses_bytes_that_are_no_text)
{
	static const char nul[] = "[update]\nproduct = ban\0ger\n";

	refuse_bytes(nul, sizeof(nul) - 1, 2, "byte 14 of the line is the control character 0x00");
	refuse("[update]\n; a comment with \x1b[31m\n", 2, "0x1b");
	refuse("[update]\nproduct = \xff\n", 2, "not UTF-8");
	refuse("; \xc3\n", 1, "not UTF-8");
}

Test(config_reader, keeps_long_values_whole)
{
	char *text = NULL;
	const char *tail = "verify=no";

	cr_assert(asprintf(&text, "[update]\nkeys = /%0197d%s\n", 0, tail) > 0);
	accept(text);
	cr_assert(document.sections[0].entry_count == 1, "the tail became a key of its own");
	cr_assert(strlen(value_of(SECTION_UPDATE, 0, "keys")) == 1 + 197 + strlen(tail));
	free(text);
}

Test(config_reader, keeps_a_blank_at_the_place_where_the_library_used_to_split)
{
	char *text = NULL;

	cr_assert(asprintf(&text, "[update]\nproxy = %0190d and more\n", 0) > 0);
	accept(text);
	cr_assert(document.sections[0].entry_count == 1);
	cr_assert(strstr(value_of(SECTION_UPDATE, 0, "proxy"), "0 and more") != NULL);
	free(text);
}

Test(config_reader, keeps_the_longest_line_and_refuses_a_longer_one)
{
	static const char key[] = "proxy = ";
	int zeros = (int)(LIMIT_CONFIG_LINE - strlen(key));
	char *text = NULL;

	cr_assert(asprintf(&text, "[update]\n%s%0*d\n", key, zeros, 0) > 0);
	accept(text);
	cr_assert(strlen(value_of(SECTION_UPDATE, 0, "proxy")) == (size_t)zeros);
	free(text);
	cr_assert(asprintf(&text, "[update]\n%s%0*d\n", key, zeros + 1, 0) > 0);
	refuse(text, 2, "longer than");
	free(text);
}

Test(config_reader, keeps_service_names_that_are_longer_than_fifty_bytes)
{
	char *text = NULL;

	cr_assert(asprintf(&text, "[service a%0199d]\n", 0) > 0);
	accept(text);
	cr_assert(strlen(document.sections[0].name) == 200);
	free(text);
}

Test(config_reader, refuses_text_behind_a_section)
{
	refuse("[update] ; the main one\n", 1, "text behind ']'");
	refuse("[update]]\n", 1, "text behind ']'");
	refuse("[update] product = a\n", 1, "text behind ']'");
	accept("[update] \t\n");
}

Test(config_reader, refuses_sections_that_are_none)
{
	refuse("\n[]\n", 2, "the section has no name");
	refuse("[  ]\n", 1, "the section has no name");
	refuse("[update\n", 1, "']' is missing");
	refuse("[updates]\n", 1, "did you mean [update]?");
	refuse("[artefact a]\n", 1, "did you mean [artifact NAME]?");
	refuse("[xyzzyxyzzy]\n", 1, "there are [update], [artifact NAME], [service NAME]");
}

Test(config_reader, refuses_names_that_are_missing_unexpected_or_unsafe)
{
	refuse("[artifact]\n", 1, "write [artifact NAME]");
	refuse("[artifact ]\n", 1, "write [artifact NAME]");
	refuse("[update banger]\n", 1, "[update] has no name");
	refuse("[artifact a b]\n", 1, "'a b' is no name");
	refuse("[artifact ../a]\n", 1, "'../a' is no name");
	refuse("[artifact a/b]\n", 1, "'a/b' is no name");
	refuse("[artifact .a]\n", 1, "'.a' is no name");
	refuse("[service -H]\n", 1, "'-H' is no name");
	refuse("[service \"a\"]\n", 1, "is no name");
	refuse("[database \xc3\xa4]\n", 1, "is no name");
	accept("[ artifact \t a+b-c_d.e ]\n");
	cr_assert_str_eq(document.sections[0].name, "a+b-c_d.e");
}

Test(config_reader, refuses_names_that_are_too_long_for_a_file)
{
	char *text = NULL;

	cr_assert(asprintf(&text, "[artifact %0255d]\n", 0) > 0);
	accept(text);
	free(text);
	cr_assert(asprintf(&text, "[artifact %0256d]\n", 0) > 0);
	refuse(text, 1, "at most 255");
	free(text);
	cr_assert(asprintf(&text, "[artifact %04000d]\n", 0) > 0);
	refuse(text, 1, "at most 255");
	free(text);
}

Test(config_reader, refuses_a_section_that_is_there_twice)
{
	refuse("[update]\n[health]\n[update]\n", 3, "[update] is there already, in line 1");
	refuse("[plugin a]\nx = 1\n[plugin a]\n", 3, "[plugin a] is there already, in line 1");
	accept("[plugin a]\n[plugin A]\n[artifact a]\n");
}

Test(config_reader, refuses_a_key_that_is_there_twice)
{
	refuse("[update]\nproduct = a\nkeys = /b\nproduct = a\n", 4,
	       "[update] has 'product' already, in line 2");
	refuse("[plugin a]\nown = 1\n\nown = 2\n", 4, "[plugin a] has 'own' already, in line 2");
	accept("[plugin a]\nown = 1\n[plugin b]\nown = 1\n");
}

Test(config_reader, refuses_lines_that_could_pass_for_a_continuation)
{
	refuse("[health]\ncommand = /bin/x\n  --flag = y\n", 3, "begins with a blank");
	refuse("[health]\ncommand = /bin/x\n\tmore\n", 3, "begins with a blank");
	refuse(" [health]\n", 1, "begins with a blank");
	accept("[health]\ncommand = /bin/x\n  \t\n  ; an indented comment\n\t# another\n");
	cr_assert_str_eq(value_of(SECTION_HEALTH, 0, "command"), "/bin/x");
}

Test(config_reader, refuses_a_colon_between_key_and_value)
{
	refuse("[update]\nproduct: banger\n", 2, "write '='");
	refuse("[update]\nmanifest : https://a = b\n", 2, "write '='");
	accept("[update]\nmanifest = https://a/b:c\n");
	cr_assert_str_eq(value_of(SECTION_UPDATE, 0, "manifest"), "https://a/b:c");
}

Test(config_reader, refuses_keys_that_are_none)
{
	refuse("[update]\nproduct\n", 2, "no comment, [section] or 'key = value'");
	refuse("[update]\n= banger\n", 2, "no key in front of '='");
	refuse("[update]\nthe product = banger\n", 2, "'the product' is no key");
	refuse("[update]\n-x = banger\n", 2, "'-x' is no key");
	refuse("[plugin a]\na23456789012345678901234567890123456789012345678901234567890"
	       "123456 = 1\n",
	       2, "at most 64");
}

Test(config_reader, refuses_a_key_in_front_of_all_sections)
{
	refuse("; comment\nproduct = a\n[update]\n", 2, "in front of the first [section]");
}

Test(config_reader, keeps_quotes_equal_signs_and_comment_signs_of_a_value)
{
	accept("[plugin a]\nq = \"x y\"\ne = a = b\ns = a ;b #c\nempty =\n");
	cr_assert_str_eq(value_of(SECTION_PLUGIN, 0, "q"), "\"x y\"");
	cr_assert_str_eq(value_of(SECTION_PLUGIN, 0, "e"), "a = b");
	cr_assert_str_eq(value_of(SECTION_PLUGIN, 0, "s"), "a ;b #c");
	cr_assert_str_eq(value_of(SECTION_PLUGIN, 0, "empty"), "");
}

/* header + count lines made by format from a number + nothing else. */
static char *many_lines(const char *header, const char *before, const char *after, unsigned count)
{
	struct buffer text = BUFFER_INIT(1u * MIB);

	cr_assert(buffer_add_format(&text, "%s", header) == 0);
	for (unsigned i = 0; i < count; i++) {
		cr_assert(buffer_add_format(&text, "%s%u%s\n", before, i, after) == 0);
	}
	return buffer_detach(&text);
}

Test(config_reader, counts_sections_of_each_kind)
{
	char *most = many_lines("", "[database d", "]", LIMIT_DATABASES);
	char *more = many_lines("", "[database d", "]", LIMIT_DATABASES + 1);

	accept(most);
	refuse(more, LIMIT_DATABASES + 1, "more than 64 [database] sections");
	free(most);
	free(more);
}

Test(config_reader, counts_keys_of_a_section)
{
	char *most = many_lines("[plugin a]\n", "k", " = 1", LIMIT_CONFIG_KEYS);
	char *more = many_lines("[plugin a]\n", "k", " = 1", LIMIT_CONFIG_KEYS + 1);

	accept(most);
	refuse(more, LIMIT_CONFIG_KEYS + 2, "[plugin a] has more than 256 keys");
	free(most);
	free(more);
}
