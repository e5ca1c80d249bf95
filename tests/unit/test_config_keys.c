/*
 * test_config_keys.c - the table itself, and that the shipped files agree with it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "config/keys.h"
#include "config/values.h"
#include "config_case.h"

Test(config_keys, every_key_has_help_and_is_there_once)
{
	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		cr_assert(row->help != NULL && row->help[0] != '\0', "%s has no help", row->name);
		cr_assert(strlen(row->name) <= LIMIT_CONFIG_KEY);
		cr_assert(key_find(row->kind, row->name) == row, "%s is there twice", row->name);
	}
}

Test(config_keys, every_kind_of_section_has_a_word_a_maximum_and_keys)
{
	for (unsigned i = 0; i < SECTION_KINDS; i++) {
		enum section_kind kind = (enum section_kind)i, found = SECTION_KINDS;
		size_t count = 0;

		cr_assert(section_kind_find(section_rows[kind].word, &found) == 0);
		cr_assert(found == kind);
		cr_assert(section_rows[kind].maximum > 0);
		cr_assert((section_rows[kind].letters != NULL) ==
			  (section_rows[kind].name_max > 0));
		for (const struct key_row *row = key_rows; row->name != NULL; row++) {
			count += row->kind == kind;
		}
		cr_assert(count > 0, "[%s] has no keys", section_rows[kind].word);
	}
}

/* Stores text as the row would and gives back what it owns. */
static void expect_value(const struct key_row *row, const char *text)
{
	union {
		struct config config;
		struct artifact artifact;
		struct service service;
		struct database database;
		struct plugin_config plugin;
	} base;
	struct error err;

	memset(&base, 0, sizeof(base));
	cr_assert(value_store(row, text, "", &base, &err) == 0, "%s", err.text);
	if (row->type <= VALUE_PATH) { /* the ones that are text */
		free(*(char **)(void *)((char *)&base + row->offset));
	}
}

Test(config_keys, every_default_and_bound_is_a_value_of_its_own_type)
{
	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		const char *texts[] = {row->fallback, row->least, row->most};

		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			if (texts[i] != NULL) {
				expect_value(row, texts[i]);
			}
		}
	}
}

/* The file's text from the header of this kind to the next header. */
static char *part_of(const char *text, const struct section_row *row)
{
	char header[64];
	const char *start, *end;

	(void)snprintf(header, sizeof(header), "\n[%s%s", row->word,
		       row->letters != NULL ? " " : "]");
	start = strstr(text, header);
	cr_assert(start != NULL, "there is no [%s] in the file", row->word);
	/* Later sections of the kind count too: the sample explains keys in the one they suit. */
	end = start + 1;
	for (const char *next = start; (next = strstr(next, "\n[")) != NULL; next++) {
		if (strncmp(next, header, strlen(header)) == 0) {
			end = next + 1;
		}
	}
	end = strstr(end, "\n[");
	return strndup(start, end != NULL ? (size_t)(end - start) : strlen(start));
}

/* That a line begins with prefix, "KEY = " and value. */
static bool mentions(const char *part, const char *prefix, const char *key, const char *value)
{
	char *line = NULL;
	bool found;

	cr_assert(asprintf(&line, "\n%s%s = %s", prefix, key, value) > 0);
	found = strstr(part, line) != NULL;
	free(line);
	return found;
}

Test(config_keys, the_sample_file_documents_every_key)
{
	char *text = scratch_read(BANGER_SOURCE_DIR "/conf/banger.ini");

	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		char *part = part_of(text, &section_rows[row->kind]);

		cr_assert(mentions(part, "", row->name, "") || mentions(part, "; ", row->name, ""),
			  "conf/banger.ini does not have '%s' in [%s]", row->name,
			  section_rows[row->kind].word);
		free(part);
	}
	free(text);
}

Test(config_keys, the_sample_file_shows_the_defaults_as_comments)
{
	char *text = scratch_read(BANGER_SOURCE_DIR "/conf/banger.ini");

	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		char *part = part_of(text, &section_rows[row->kind]);

		/* A derived or rootless default depends on the host or the installation. */
		if (row->fallback != NULL && row->derive == NULL && !row->rootless_default) {
			cr_assert(mentions(part, "; ", row->name, row->fallback),
				  "'%s = %s' is not in conf/banger.ini", row->name, row->fallback);
		}
		free(part);
	}
	free(text);
}

/* "; key = value" becomes "key = value", "; [section]" a section; prose has no '=' behind its first
 * word. */
static const char *uncomment(const char *line)
{
	const char *inside = strncmp(line, "; ", 2) == 0 ? line + 2 : line;

	if (inside[0] == '[') {
		return inside;
	}
	return strncmp(inside + strcspn(inside, " "), " = ", 3) == 0 ? inside : line;
}

static bool is_of_command_manager(const char *line)
{
	char key[LIMIT_CONFIG_KEY + 1];
	const struct key_row *row;

	(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(line, " "), line);
	row = key_find(SECTION_SERVICE, key);
	return row != NULL && row->manager_command;
}

Test(config_keys, every_commented_value_of_the_sample_file_is_valid)
{
	char *text = scratch_read(BANGER_SOURCE_DIR "/conf/banger.ini");
	struct buffer active = BUFFER_INIT(LIMIT_CONFIG);
	struct config_case loaded;

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		const char *shown = uncomment(line);

		if (!is_of_command_manager(shown)) {
			cr_assert(buffer_add_format(&active, "%s\n", shown) == 0);
		}
	}
	loaded = case_good(buffer_text(&active));
	cr_assert_str_eq(loaded.config->proxy, "http://proxy.example.org:3128");
	cr_assert(loaded.config->staging_dir != NULL && loaded.config->ca_file != NULL);
	case_finish(&loaded);
	buffer_finish(&active);
	free(text);
}
