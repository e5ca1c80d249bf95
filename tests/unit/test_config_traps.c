/*
 * test_config_traps.c - what inih does silently with its defaults, each through the whole loader:
 * nothing of it may become a configuration.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "config_case.h"

/* "k = xxx…TAIL", length bytes long; the caller frees it. */
static char *long_line(size_t length, const char *tail)
{
	static const char key[] = "k = ";
	char *line = malloc(length + 1);

	cr_assert(line != NULL && length > strlen(key) + strlen(tail));
	memset(line, 'x', length);
	memcpy(line, key, strlen(key));
	memcpy(line + length - strlen(tail), tail, strlen(tail) + 1);
	return line;
}

/* Loads the least and a plugin with this line. */
static struct config_case load_line(const char *line)
{
	struct config_case loaded;
	char *text = NULL;

	cr_assert(asprintf(&text, LEAST_LINES "[plugin p]\n%s\n", line) > 0);
	loaded = case_load(text);
	free(text);
	return loaded;
}

/* That a line of this length is one key, however it ends. */
static void expect_whole(size_t length, const char *tail)
{
	char *line = long_line(length, tail);
	struct config_case loaded = load_line(line);

	cr_assert(loaded.rc == 0, "%zu bytes are refused: %s", length, loaded.err.text);
	const struct pairs *options = &loaded.config->plugins[0].options;

	cr_assert(options->count == 1, "%zu bytes became %zu keys", length, options->count);
	cr_assert_str_eq(pairs_get(options, "k"), line + strlen("k = "));
	case_finish(&loaded);
	free(line);
}

Test(config_traps, lines_around_198_bytes_are_not_split)
{
	static const char *const tails[] = {"verify=no", " verify=no", "\tverify=no",
					    "[health]",  " [health]",  "=",
					    "]"};

	for (size_t length = 190; length <= 210; length++) {
		for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
			expect_whole(length, tails[i]);
		}
	}
}

Test(config_traps, a_tail_behind_198_bytes_is_no_key_of_its_own)
{
	/* The tails begin where the library's buffer would: 197 to 200 bytes from the left. */
	for (size_t head = 197; head <= 200; head++) {
		expect_whole(head + strlen("enabled=no"), "enabled=no");
		expect_whole(head + strlen(" enabled=no"), " enabled=no");
		expect_whole(2 * head + strlen("enabled=no"), "enabled=no");
	}
}

Test(config_traps, a_line_of_65536_bytes_is_refused_whole)
{
	char *line = long_line(65536, "enabled=no");
	char *text = NULL;

	cr_assert(asprintf(&text, LEAST_LINES "[plugin p]\n%s\n", line) > 0);
	case_refused(text, 8, "the line is longer than 16384 bytes");
	free(text);
	free(line);
	expect_whole(LIMIT_CONFIG_LINE, "enabled=no");
}

Test(config_traps, an_indented_line_does_not_continue_a_value)
{
	case_refused(LEAST_LINES "[health]\ncommand = /bin/check\n  --all\n", 9,
		     "begins with a blank");
	case_refused(LEAST_LINES "[health]\ncommand = /bin/check\n\ttimeout = 1s\n", 9,
		     "begins with a blank");
}

Test(config_traps, a_comment_behind_a_value_is_not_cut_off_silently)
{
	case_refused(LEAST_LINES "mode = 0755 ; not 0700\n", 7, "comments stand on lines of");
	case_refused(LEAST_LINES "owner = root ;daemon\n", 7, "comments stand on lines of");
	case_refused(LEAST_LINES "owner = root #daemon\n", 7, "comments stand on lines of");
}

Test(config_traps, a_semicolon_inside_a_word_is_kept)
{
	struct config_case loaded = case_good(LEAST_LINES "[health]\ncommand = /bin/a;b c#d\n");

	cr_assert_str_eq(loaded.config->host.health.command.words.items[1], "c#d");
	case_finish(&loaded);
}

Test(config_traps, a_key_that_is_there_twice_has_no_last_word)
{
	case_refused(LEAST_LINES "mode = 0755\nmode = 0700\n", 8,
		     "[artifact notesd] has 'mode' already, in line 7");
}

Test(config_traps, sections_of_one_name_are_not_merged)
{
	case_refused(LEAST_LINES "[health]\n[artifact notesd]\nmode = 0700\n", 8,
		     "[artifact notesd] is there already, in line 5");
}

Test(config_traps, quotes_do_not_become_part_of_a_value)
{
	case_refused(LEAST_LINES "owner = \"root\"\n", 7, "quotes would be part of the value");
	case_refused("[update]\nproduct = \"a\"\nmanifest = https://a/b\nkeys = /k\n"
		     "[artifact a]\ninstall = /a\n",
		     2, "quotes would be part of the value");
}

Test(config_traps, a_colon_does_not_end_a_key)
{
	case_refused(LEAST_LINES "owner: root\n", 7, "write '=' between key and value");
}

Test(config_traps, a_name_of_more_than_49_bytes_is_not_cut)
{
	char *text = NULL;

	cr_assert(asprintf(&text, LEAST_LINES "[plugin %049da]\nk = 1\n[plugin %049db]\nk = 2\n", 0,
			   0) > 0);
	struct config_case loaded = case_good(text);

	cr_assert(loaded.config->plugin_count == 2, "two long names became one");
	cr_assert(strlen(loaded.config->plugins[0].name) == 50);
	cr_assert_str_eq(pairs_get(&loaded.config->plugins[0].options, "k"), "1");
	case_finish(&loaded);
	free(text);
}

Test(config_traps, empty_brackets_are_no_section)
{
	case_refused(LEAST_LINES "[]\nk = v\n", 7, "the section has no name");
}

Test(config_traps, a_section_without_keys_is_not_lost)
{
	struct config_case loaded = case_good(LEAST_LINES "[plugin first]\n[plugin second]\n");

	cr_assert(loaded.config->plugin_count == 2);
	case_finish(&loaded);
}

Test(config_traps, a_key_without_a_value_is_refused)
{
	case_refused(LEAST_LINES "owner\n", 7, "no comment, [section] or 'key = value'");
	case_refused(LEAST_LINES "owner =\n", 7, "the value is missing");
}

static void expect_no_file(const char *path, int rc)
{
	struct config *config = NULL;
	struct error err;

	cr_assert(config_load(path, NULL, &config, &err) == rc, "%s", err.text);
	cr_assert(config == NULL && strstr(err.text, path) != NULL, "%s", err.text);
}

Test(config_traps, a_directory_is_no_empty_file)
{
	struct scratch scratch = scratch_make();

	expect_no_file(scratch.path, -EISDIR);
	scratch_remove(&scratch);
}

Test(config_traps, a_missing_file_is_no_empty_file)
{
	expect_no_file("/nonexistent/banger.ini", -ENOENT);
}

Test(config_traps, the_first_error_ends_the_reading)
{
	case_refused(LEAST_LINES "nonsense\nmode = 0700\nmore nonsense\n[nothing]\n", 7,
		     "no comment, [section] or 'key = value'");
}

Test(config_traps, a_byte_order_mark_does_not_hide_the_first_section)
{
	struct config_case loaded = case_good("\xef\xbb\xbf" LEAST_LINES);

	cr_assert_str_eq(loaded.config->product, "notesd");
	case_finish(&loaded);
	case_refused(LEAST_LINES "\xef\xbb\xbfmode = 0700\n", 7, "is no key");
}

static int load_bytes(const char *bytes, size_t length, struct error *err)
{
	struct config_case place = case_load(LEAST_LINES);
	struct config *config = NULL;

	scratch_write_bytes(place.path, bytes, length, 0644);
	int rc = config_load(place.path, NULL, &config, err);

	config_free(config);
	case_finish(&place);
	return rc;
}

Test(config_traps, a_nul_does_not_end_the_line)
{
	static const char text[] = LEAST_LINES "mode = 0755\0 and more\n";
	struct error err;

	cr_assert(load_bytes(text, sizeof(text) - 1, &err) == -EINVAL);
	cr_assert(strstr(err.text, ":7: byte 12 of the line is the control character 0x00"), "%s",
		  err.text);
}

/* The least, and comments up to this length. */
static int load_of_length(size_t length, struct error *err)
{
	char *text = malloc(length);

	cr_assert(text != NULL && length > strlen(LEAST_LINES));
	memset(text, ';', length);
	for (size_t i = strlen(LEAST_LINES) + 99; i < length; i += 100) {
		text[i] = '\n';
	}
	memcpy(text, LEAST_LINES, strlen(LEAST_LINES));
	int rc = load_bytes(text, length, err);

	free(text);
	return rc;
}

Test(config_traps, a_very_long_file_is_refused_before_it_is_parsed)
{
	struct error err;

	cr_assert(load_of_length(LIMIT_CONFIG, &err) == 0, "%s", err.text);
	cr_assert(load_of_length(LIMIT_CONFIG + 1, &err) == -E2BIG, "%s", err.text);
}

Test(config_traps, the_librarys_options_of_others_do_not_count)
{
	ini_use_stack = 1;
	ini_allow_realloc = 0;
	ini_max_line = 40;
	ini_allow_multiline = 1;
	ini_allow_inline_comments = 1;
	ini_allow_no_value = 1;
	ini_stop_on_first_error = 0;
	expect_whole(200, " enabled=no");
	case_refused(LEAST_LINES "owner\n", 7, "no comment, [section] or 'key = value'");
}
