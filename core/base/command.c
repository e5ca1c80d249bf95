/*
 * command.c - command.h: words and placeholders.
 */
#include "base/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

struct placeholder {
	const char *name;
	size_t offset; /* in struct command_values */
};

static const struct placeholder placeholders[] = {
	{"{root}", offsetof(struct command_values, root)},
	{"{stage}", offsetof(struct command_values, stage)},
	{"{database}", offsetof(struct command_values, database)},
	{"{version}", offsetof(struct command_values, version)},
};

#define PLACEHOLDER_COUNT (sizeof(placeholders) / sizeof(placeholders[0]))

void command_finish(struct command *command)
{
	free(command->line);
	strings_finish(&command->words);
	*command = (struct command){0};
}

bool command_is_set(const struct command *command)
{
	return command->words.count > 0;
}

static const struct placeholder *placeholder_at(const char *text)
{
	for (size_t i = 0; i < PLACEHOLDER_COUNT; i++) {
		if (text_has_prefix(text, placeholders[i].name)) {
			return &placeholders[i];
		}
	}
	return NULL;
}

bool command_uses(const struct command *command, const char *placeholder)
{
	for (size_t i = 0; i < command->words.count; i++) {
		if (strstr(command->words.items[i], placeholder) != NULL) {
			return true;
		}
	}
	return false;
}

/* Reads one word from *at on into word; *at stops behind it. */
static int read_word(const char **at, struct buffer *word, struct error *err)
{
	bool quoted = false;
	const char *c = *at;
	int rc = buffer_add(word, "", 0);

	for (; rc == 0 && *c != '\0' && (quoted || (*c != ' ' && *c != '\t')); c++) {
		if (*c == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *c == '\\' && (c[1] == '"' || c[1] == '\\')) {
			c++;
		}
		rc = buffer_add(word, c, 1);
	}
	*at = c;
	if (rc == -E2BIG) {
		return error_set(err, -EINVAL, "a word of the command is longer than %u bytes",
				 LIMIT_COMMAND_WORD);
	}
	if (rc < 0) {
		return error_no_memory(err);
	}
	return quoted ? error_set(err, -EINVAL, "a \" is not closed") : 0;
}

static int split(const char *line, struct strings *words, struct error *err)
{
	const char *at = line + strspn(line, " \t");

	while (*at != '\0') {
		auto_buffer struct buffer word = BUFFER_INIT(LIMIT_COMMAND_WORD);
		int rc = read_word(&at, &word, err);

		if (rc < 0) {
			return rc;
		}
		if (words->count == LIMIT_COMMAND_ARGS) {
			return error_set(err, -EINVAL, "a command has at most %u words",
					 LIMIT_COMMAND_ARGS);
		}
		if (strings_add(words, buffer_text(&word)) < 0) {
			return error_no_memory(err);
		}
		at += strspn(at, " \t");
	}
	return words->count > 0 ? 0 : error_set(err, -EINVAL, "the command is empty");
}

static int check_words(const struct strings *words, struct error *err)
{
	const char *first = words->items[0];

	if (first[0] != '/' && !text_has_prefix(first, "{root}/") &&
	    !text_has_prefix(first, "{stage}/")) {
		return error_set(err, -EINVAL,
				 "'%s' is not an absolute path: no shell and no PATH is used",
				 first);
	}
	for (size_t i = 0; i < words->count; i++) {
		for (const char *open = strchr(words->items[i], '{'); open != NULL;
		     open = strchr(open + 1, '{')) {
			if (placeholder_at(open) == NULL) {
				return error_set(err, -EINVAL,
						 "unknown placeholder in '%s': there are {root} "
						 "{stage} {database} {version}",
						 words->items[i]);
			}
		}
	}
	return 0;
}

int command_parse(const char *line, struct command *ret, struct error *err)
{
	struct command command = {0};
	int rc = split(line, &command.words, err);

	if (rc == 0) {
		rc = check_words(&command.words, err);
	}
	if (rc == 0) {
		command.line = strdup(line);
		rc = command.line != NULL ? 0 : error_no_memory(err);
	}
	if (rc < 0) {
		command_finish(&command);
		return rc;
	}
	*ret = command;
	return 0;
}

static const char *value_of(const struct command_values *values, const struct placeholder *which)
{
	const char *value = NULL;

	memcpy(&value, (const char *)values + which->offset, sizeof(value));
	return value;
}

static int expand_word(const char *word, const struct command_values *values,
		       struct buffer *expanded, struct error *err)
{
	int rc = buffer_add(expanded, "", 0);

	while (rc == 0 && *word != '\0') {
		const struct placeholder *which = placeholder_at(word);

		if (which == NULL) {
			rc = buffer_add(expanded, word++, 1);
			continue;
		}
		const char *value = value_of(values, which);

		if (value == NULL) {
			return error_set(err, -EINVAL, "%s has no value here", which->name);
		}
		rc = buffer_add(expanded, value, strlen(value));
		word += strlen(which->name);
	}
	if (rc == -E2BIG) {
		return error_set(err, rc, "a word of the command is longer than %u bytes",
				 LIMIT_COMMAND_WORD);
	}
	return rc < 0 ? error_no_memory(err) : 0;
}

int command_expand(const struct command *command, const struct command_values *values,
		   struct strings *ret, struct error *err)
{
	auto_strings struct strings words = {0};

	for (size_t i = 0; i < command->words.count; i++) {
		auto_buffer struct buffer word = BUFFER_INIT(LIMIT_COMMAND_WORD);
		int rc = expand_word(command->words.items[i], values, &word, err);

		if (rc < 0) {
			return error_prefix(err, "command '%s'", command->line);
		}
		bool needs_root = i == 0 && command->words.items[0][0] == '/';
		auto_free char *rooted =
			path_join(needs_root ? values->root : NULL, buffer_text(&word));

		if (rooted == NULL || strings_add(&words, rooted) < 0) {
			return error_no_memory(err);
		}
	}
	*ret = words;
	words = (struct strings){0};
	return 0;
}
