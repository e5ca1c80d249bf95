/*
 * test_command.c - command.h: words without a shell, and placeholders that are never words.
 */
#include "base/command.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "base/limits.h"

/* The words of a line with a '|' behind each, or what is wrong with it. */
static char *split(const char *line)
{
	auto_buffer struct buffer text = BUFFER_INIT(64 * KIB);
	struct command command = {0};
	struct error err;

	if (command_parse(line, &command, &err) < 0) {
		cr_assert_eq(err.code, -EINVAL, "%s", err.text);
		return strdup("refused");
	}
	cr_assert(command_is_set(&command));
	cr_assert_str_eq(command.line, line);
	for (size_t i = 0; i < command.words.count; i++) {
		cr_assert_eq(buffer_add_format(&text, "%s|", command.words.items[i]), 0);
	}
	command_finish(&command);
	return buffer_detach(&text);
}

Test(command, lines_are_split_at_blanks_and_grouped_by_quotes)
{
	static const struct {
		const char *line;
		const char *words;
	} cases[] = {
		{"/bin/a", "/bin/a|"},
		{"  /bin/a \t b  ", "/bin/a|b|"},
		{"/bin/a \"b c\" d", "/bin/a|b c|d|"},
		{"/bin/a b\"c d\"e", "/bin/a|bc de|"},
		{"/bin/a \"\"", "/bin/a||"},
		{"/bin/a \"\" \"\"", "/bin/a|||"},
		{"/bin/a \"say \\\"x\\\"\"", "/bin/a|say \"x\"|"},
		{"/bin/a \"back\\\\slash\"", "/bin/a|back\\slash|"},
		{"/bin/a \"\\n\"", "/bin/a|\\n|"},
		{"/bin/a \\b", "/bin/a|\\b|"},
		{"\"/bin/with blank\" x", "/bin/with blank|x|"},
		{"/bin/a $HOME ; rm * > 'x y'", "/bin/a|$HOME|;|rm|*|>|'x|y'|"},
		{"{stage}/bangerd --check", "{stage}/bangerd|--check|"},
		{"{root}/bin/a --db={database} {version}",
		 "{root}/bin/a|--db={database}|{version}|"},
		{"", "refused"},
		{" \t ", "refused"},
		{"\"\"", "refused"},
		{"a", "refused"},
		{"bin/a", "refused"},
		{"./a", "refused"},
		{"{stage}", "refused"},
		{"{stage}x/a", "refused"},
		{"{version}/a", "refused"},
		{"{database}/a", "refused"},
		{"/bin/a \"open", "refused"},
		{"/bin/a \"", "refused"},
		{"/bin/a \"escaped end\\\"", "refused"},
		{"/bin/a {unknown}", "refused"},
		{"/bin/a {}", "refused"},
		{"/bin/a {", "refused"},
		{"/bin/a {stage", "refused"},
		{"/bin/a {{stage}", "refused"},
		{"/bin/a {STAGE}", "refused"},
		{"/bin/a { stage }", "refused"},
		{"/bin/a }", "/bin/a|}|"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *words = split(cases[i].line);

		cr_assert_str_eq(words, cases[i].words, "'%s'", cases[i].line);
	}
}

Test(command, a_refusal_writes_nothing)
{
	struct command command = {0};
	struct error err;

	cr_assert_eq(command_parse("/bin/a {unknown}", &command, &err), -EINVAL);
	cr_assert_null(command.line);
	cr_assert_not(command_is_set(&command));
	cr_assert_not_null(strstr(err.text, "{unknown}"));
	command_finish(&command);
}

static int parse_words(size_t count)
{
	auto_buffer struct buffer line = BUFFER_INIT(MIB);
	struct command command = {0};
	struct error err;

	cr_assert_eq(buffer_add_format(&line, "/bin/a"), 0);
	for (size_t i = 1; i < count; i++) {
		cr_assert_eq(buffer_add_format(&line, " x"), 0);
	}
	int rc = command_parse(buffer_text(&line), &command, &err);

	command_finish(&command);
	return rc;
}

static int parse_word_of(size_t length)
{
	auto_buffer struct buffer line = BUFFER_INIT(MIB);
	struct command command = {0};
	struct error err;

	cr_assert_eq(buffer_add_format(&line, "/bin/a %0*d", (int)length, 0), 0);
	int rc = command_parse(buffer_text(&line), &command, &err);

	command_finish(&command);
	return rc;
}

Test(command, words_are_bounded_in_number_and_length)
{
	cr_assert_eq(parse_words(LIMIT_COMMAND_ARGS), 0);
	cr_assert_eq(parse_words(LIMIT_COMMAND_ARGS + 1), -EINVAL);
	cr_assert_eq(parse_word_of(LIMIT_COMMAND_WORD), 0);
	cr_assert_eq(parse_word_of(LIMIT_COMMAND_WORD + 1), -EINVAL);
}

Test(command, it_tells_which_placeholders_it_uses)
{
	struct command command = {0};
	struct error err;

	cr_assert_not(command_uses(&command, "{stage}"));
	cr_assert_eq(command_parse("/bin/a --from={stage}/b", &command, &err), 0);
	cr_assert(command_uses(&command, "{stage}"));
	cr_assert_not(command_uses(&command, "{root}"));
	command_finish(&command);
	command_finish(&command);
	cr_assert_not(command_is_set(&command));
}

/* The expanded words with a '|' behind each, or "refused". */
static char *expand(const char *line, const struct command_values *values)
{
	auto_buffer struct buffer text = BUFFER_INIT(64 * KIB);
	auto_strings struct strings words = {0};
	struct command command = {0};
	struct error err;

	cr_assert_eq(command_parse(line, &command, &err), 0, "%s", err.text);
	int rc = command_expand(&command, values, &words, &err);

	command_finish(&command);
	if (rc < 0) {
		cr_assert_not_null(strstr(err.text, line), "%s", err.text);
		cr_assert_null(words.items);
		return strdup("refused");
	}
	for (size_t i = 0; i < words.count; i++) {
		cr_assert_eq(buffer_add_format(&text, "%s|", words.items[i]), 0);
	}
	cr_assert_null(words.items[words.count]);
	return buffer_detach(&text);
}

Test(command, placeholders_are_replaced_inside_words)
{
	static const struct command_values values = {"/r", "/s t", "/db", "1.2.3"};
	static const struct {
		const char *line;
		const char *words;
	} cases[] = {
		{"/bin/a", "/r/bin/a|"},
		{"/bin/a /etc/x", "/r/bin/a|/etc/x|"},
		{"{root}/bin/a", "/r/bin/a|"},
		{"{stage}/a", "/s t/a|"},
		{"/bin/a {stage}/x", "/r/bin/a|/s t/x|"},
		{"/bin/a -d{database}:{version}{version}", "/r/bin/a|-d/db:1.2.31.2.3|"},
		{"/bin/a \"\" x", "/r/bin/a||x|"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *words = expand(cases[i].line, &values);

		cr_assert_str_eq(words, cases[i].words, "'%s'", cases[i].line);
	}
}

Test(command, without_a_root_the_first_word_stays)
{
	static const struct command_values empty = {.root = ""};
	static const struct command_values unset = {0};
	static const struct command_values slash = {.root = "/"};
	auto_free char *from_empty = expand("/bin/a", &empty);
	auto_free char *from_unset = expand("/bin/a", &unset);
	auto_free char *from_slash = expand("/bin/a", &slash);
	auto_free char *placed = expand("{root}/bin/a", &empty);

	cr_assert_str_eq(from_empty, "/bin/a|");
	cr_assert_str_eq(from_unset, "/bin/a|");
	cr_assert_str_eq(from_slash, "/bin/a|");
	cr_assert_str_eq(placed, "/bin/a|");
}

Test(command, a_placeholder_without_a_value_is_refused)
{
	static const struct command_values none = {0};
	auto_free char *stage = expand("/bin/a {stage}", &none);
	auto_free char *root = expand("{root}/bin/a", &none);

	cr_assert_str_eq(stage, "refused");
	cr_assert_str_eq(root, "refused");
}

Test(command, a_value_is_neither_split_nor_expanded_again)
{
	static const struct command_values values = {
		.root = "", .stage = "{version} \"{database}\"", .version = "v", .database = "d"};
	auto_free char *words = expand("/bin/a {stage}", &values);

	cr_assert_str_eq(words, "/bin/a|{version} \"{database}\"|");
}

Test(command, a_value_cannot_make_a_word_longer_than_allowed)
{
	auto_buffer struct buffer value = BUFFER_INIT(MIB);

	cr_assert_eq(buffer_add_format(&value, "%0*d", (int)LIMIT_COMMAND_WORD, 0), 0);
	struct command_values values = {.root = "", .version = buffer_text(&value)};
	auto_free char *fits = expand("/bin/a {version}", &values);
	auto_free char *too_long = expand("/bin/a x{version}", &values);

	cr_assert_str_neq(fits, "refused");
	cr_assert_str_eq(too_long, "refused");
}
