/*
 * test_config_suggest.c - near words are named, far ones get the whole list.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "config/keys.h"

static void expect_key(enum section_kind kind, const char *name, const char *expected)
{
	auto_buffer struct buffer hint = BUFFER_INIT(LIMIT_TEXT);

	cr_assert(key_suggest(kind, name, &hint) == 0);
	cr_assert_str_eq(buffer_text(&hint), expected);
}

static void expect_section(const char *word, const char *expected)
{
	auto_buffer struct buffer hint = BUFFER_INIT(LIMIT_TEXT);

	cr_assert(section_suggest(word, &hint) == 0);
	cr_assert(strstr(buffer_text(&hint), expected) != NULL, "'%s' for %s", buffer_text(&hint),
		  word);
}

Test(config_suggest, names_the_key_that_was_probably_meant)
{
	expect_key(SECTION_ARTIFACT, "instal", "did you mean 'install'?");
	expect_key(SECTION_ARTIFACT, "Install", "did you mean 'install'?");
	expect_key(SECTION_HEALTH, "tiemout", "did you mean 'timeout'?");
	expect_key(SECTION_UPDATE, "state-dir", "did you mean 'state_dir'?");
	expect_key(SECTION_ARTIFACT, "modes", "did you mean 'mode'?");
}

Test(config_suggest, lists_the_keys_of_the_section_when_none_is_near)
{
	expect_key(SECTION_ARTIFACT, "path", "its keys are install, mode, owner, group");
	expect_key(SECTION_HEALTH, "x", "its keys are command, interval, timeout, settle");
}

Test(config_suggest, lists_them_for_a_word_of_any_length)
{
	char word[4001];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	expect_key(SECTION_ARTIFACT, word, "its keys are install, mode, owner, group");
	expect_key(SECTION_ARTIFACT, "", "its keys are install, mode, owner, group");
}

Test(config_suggest, names_sections_with_their_brackets)
{
	expect_section("plugins", "did you mean [plugin NAME]?");
	expect_section("Update", "did you mean [update]?");
	expect_section("general", "there are [update], [artifact NAME]");
}
