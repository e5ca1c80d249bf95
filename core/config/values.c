/*
 * values.c - one small parser per type of value, in a table.
 *
 * Strict on purpose: a value has one way to be written, and whatever is not that is an error with
 * the way to write it, never a guess.
 */
#include "config/values.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "base/command.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/names.h"
#include "model/host.h"

/* A value on its way: what it shall be, and where it goes. */
struct target {
	const struct key_row *row;
	const char *root;
	void *base;
};

static void *member(const struct target *target, size_t offset)
{
	return (char *)target->base + offset;
}

static int store_string(const struct target *target, const char *text, struct error *err)
{
	char **string = member(target, target->row->offset);
	char *copy = strdup(text);

	if (copy == NULL) {
		return error_no_memory(err);
	}
	free(*string);
	*string = copy;
	return 0;
}

typedef const char *(*fault_finder)(const char *text);

static int store_name_like(const struct target *target, const char *text, fault_finder find_fault,
			   struct error *err)
{
	const char *fault = find_fault(text);

	return fault != NULL ? error_set(err, -EINVAL, "%s", fault)
			     : store_string(target, text, err);
}

static int store_product(const struct target *target, const char *text, struct error *err)
{
	return store_name_like(target, text, name_fault_product, err);
}

static int store_name(const struct target *target, const char *text, struct error *err)
{
	return store_name_like(target, text, name_fault_artifact, err);
}

static int store_user(const struct target *target, const char *text, struct error *err)
{
	return store_name_like(target, text, name_fault_user, err);
}

static int store_table(const struct target *target, const char *text, struct error *err)
{
	return store_name_like(target, text, name_fault_table, err);
}

/* The row's words as "a, b or c". */
static int list_words(const struct word *words, struct buffer *list)
{
	int rc = 0;

	for (const struct word *word = words; word->text != NULL && rc == 0; word++) {
		const char *separator = word == words ? "" : word[1].text == NULL ? " or " : ", ";

		rc = buffer_add_format(list, "%s%s", separator, word->text);
	}
	return rc;
}

static int refuse_words(const struct key_row *row, const char *format, struct error *err)
{
	auto_buffer struct buffer list = BUFFER_INIT(LIMIT_CONFIG_LINE);

	if (list_words(row->words, &list) < 0) {
		return error_no_memory(err);
	}
	return error_set(err, -EINVAL, "%s %s", format, buffer_text(&list));
}

static int check_url(const struct key_row *row, const char *text, struct error *err)
{
	const struct word *scheme = row->words;

	while (scheme->text != NULL && !text_has_prefix(text, scheme->text)) {
		scheme++;
	}
	if (scheme->text == NULL || text[strlen(scheme->text)] == '\0') {
		return refuse_words(row, "write an address that begins with", err);
	}
	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c >= 0x7f) {
			return error_set(err, -EINVAL,
					 "an address has no blanks and only ASCII; write others "
					 "as %%XX");
		}
	}
	return 0;
}

static int store_url(const struct target *target, const char *text, struct error *err)
{
	int rc = check_url(target->row, text, err);

	return rc == 0 ? store_string(target, text, err) : rc;
}

/* A file that anybody may read is no place for a password. */
static int check_no_password(const char *text, struct error *err)
{
	const char *host = strstr(text, "://") + 3;

	return memchr(host, '@', strcspn(host, "/?#")) == NULL
		       ? 0
		       : error_set(err, -EINVAL,
				   "no user or password in an address; see authorization_file");
}

static int add_urls(const struct key_row *row, char *text, struct strings *urls, struct error *err)
{
	char *rest = NULL;

	for (char *url = strtok_r(text, " \t", &rest); url != NULL;
	     url = strtok_r(NULL, " \t", &rest)) {
		int rc = check_url(row, url, err);

		if (rc == 0) {
			rc = check_no_password(url, err);
		}
		if (rc == 0 && urls->count == LIMIT_MIRRORS) {
			rc = error_set(err, -EINVAL, "write at most %u addresses", LIMIT_MIRRORS);
		}
		if (rc == 0 && strings_contain(urls, url)) {
			rc = error_set(err, -EINVAL, "write each address once");
		}
		if (rc == 0 && strings_add(urls, url) < 0) {
			rc = error_no_memory(err);
		}
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int store_urls(const struct target *target, const char *text, struct error *err)
{
	struct strings *list = member(target, target->row->offset);
	auto_strings struct strings urls = {0};
	auto_free char *copy = strdup(text);
	int rc = copy == NULL ? error_no_memory(err) : add_urls(target->row, copy, &urls, err);

	if (rc == 0) {
		strings_finish(list);
		*list = urls;
		urls = (struct strings){0};
	}
	return rc;
}

static int store_path(const struct target *target, const char *text, struct error *err)
{
	auto_free char *path = NULL;
	const char *fault = name_fault_path(text);

	if (fault != NULL) {
		return error_set(err, -EINVAL, "%s", fault);
	}
	path = path_join(target->root, text);
	if (path == NULL) {
		return error_no_memory(err);
	}
	if (strlen(path) >= PATH_MAX) {
		return error_set(err, -EINVAL, "the path is longer than %d bytes", PATH_MAX - 1);
	}
	return store_string(target, path, err);
}

static int store_command(const struct target *target, const char *text, struct error *err)
{
	struct command *command = member(target, target->row->offset);
	struct command parsed;
	int rc = command_parse(text, &parsed, err);

	if (rc < 0) {
		return rc;
	}
	command_finish(command);
	*command = parsed;
	return 0;
}

typedef int (*quantity_parser)(const char *text, uint64_t *ret);

static int store_quantity(const struct target *target, const char *text, quantity_parser parse,
			  const char *how, struct error *err)
{
	const struct key_row *row = target->row;
	uint64_t *quantity = member(target, row->offset);
	uint64_t least = 0, most = UINT64_MAX, value;

	if (parse(text, &value) < 0) {
		return error_set(err, -EINVAL, "%s", how);
	}
	if ((row->least != NULL && parse(row->least, &least) < 0) ||
	    (row->most != NULL && parse(row->most, &most) < 0)) {
		return error_set(err, -EINVAL, "the bounds of this key are broken in this build");
	}
	if (value < least) {
		return error_set(err, -EINVAL, "it must be at least %s", row->least);
	}
	if (value > most) {
		return error_set(err, -EINVAL, "it must be at most %s", row->most);
	}
	*quantity = value;
	return 0;
}

static int store_duration(const struct target *target, const char *text, struct error *err)
{
	return store_quantity(target, text, text_parse_duration,
			      "write a number and ms, s, min or h, like 30s", err);
}

static int store_size(const struct target *target, const char *text, struct error *err)
{
	return store_quantity(target, text, text_parse_size,
			      "write bytes, or a number and KiB, MiB or GiB, like 64MiB", err);
}

static int store_number(const struct target *target, const char *text, struct error *err)
{
	return store_quantity(target, text, text_parse_u64, "write a number, like 2", err);
}

static int store_mode(const struct target *target, const char *text, struct error *err)
{
	mode_t *mode = member(target, target->row->offset);
	size_t length = strlen(text);
	mode_t value = 0;

	if (strcmp(text, "keep") == 0) {
		*mode = HOST_MODE_KEEP;
		return 0;
	}
	if (length < 3 || length > 4 || text[strspn(text, "01234567")] != '\0') {
		return error_set(err, -EINVAL,
				 "write three or four octal digits, like 0755, or keep");
	}
	for (; *text != '\0'; text++) {
		value = value * 8 + (mode_t)(*text - '0');
	}
	*mode = value;
	return 0;
}

/* NULL: not one of the row's words. */
static const struct word *find_word(const struct key_row *row, const char *text, size_t length)
{
	for (const struct word *word = row->words; word->text != NULL; word++) {
		if (strlen(word->text) == length && memcmp(word->text, text, length) == 0) {
			return word;
		}
	}
	return NULL;
}

static int store_bool(const struct target *target, const char *text, struct error *err)
{
	const struct word *word = find_word(target->row, text, strlen(text));
	bool *flag = member(target, target->row->offset);

	if (word == NULL) {
		return refuse_words(target->row, "write", err);
	}
	*flag = word->value != 0;
	return 0;
}

static int store_word(const struct target *target, const char *text, struct error *err)
{
	const struct word *word = find_word(target->row, text, strlen(text));
	unsigned value;

	if (word == NULL) {
		return refuse_words(target->row, "write", err);
	}
	/* Enumerations without negative values are unsigned int in gcc's and clang's ABI. */
	value = (unsigned)word->value;
	memcpy(member(target, target->row->offset), &value, sizeof(value));
	return 0;
}

/* Looks each word up, and sets its flag when set is true. */
static int walk_flags(const struct target *target, const char *text, bool set)
{
	size_t length;

	for (; *text != '\0'; text += length + strspn(text + length, " \t")) {
		const struct word *word;

		length = strcspn(text, " \t");
		word = find_word(target->row, text, length);
		if (word == NULL) {
			return -EINVAL;
		}
		if (set) {
			*(bool *)member(target, word->value) = true;
		}
	}
	return 0;
}

static int store_flags(const struct target *target, const char *text, struct error *err)
{
	if (walk_flags(target, text, false) < 0) {
		return refuse_words(target->row, "write, with blanks between several,", err);
	}
	return walk_flags(target, text, true);
}

typedef int (*value_parser)(const struct target *target, const char *text, struct error *err);

static const value_parser parsers[] = {
	[VALUE_PRODUCT] = store_product,   [VALUE_NAME] = store_name,
	[VALUE_USER] = store_user,         [VALUE_TABLE] = store_table,
	[VALUE_URL] = store_url,           [VALUE_PATH] = store_path,
	[VALUE_URLS] = store_urls,         [VALUE_COMMAND] = store_command,
	[VALUE_DURATION] = store_duration, [VALUE_SIZE] = store_size,
	[VALUE_NUMBER] = store_number,     [VALUE_BOOL] = store_bool,
	[VALUE_MODE] = store_mode,         [VALUE_WORD] = store_word,
	[VALUE_FLAGS] = store_flags,
};

/* A ';' or '#' at the beginning or behind a blank, outside of "…". */
static bool looks_commented(const char *text)
{
	bool quoted = false, after_blank = true;

	for (; *text != '\0'; text++) {
		if (!quoted && after_blank && (*text == ';' || *text == '#')) {
			return true;
		}
		if (quoted && *text == '\\' && text[1] != '\0') {
			text++;
		} else if (*text == '"') {
			quoted = !quoted;
		}
		after_blank = *text == ' ' || *text == '\t';
	}
	return false;
}

int value_check_comment(const char *text, struct error *err)
{
	if (!looks_commented(text)) {
		return 0;
	}
	return error_set(err, -EINVAL,
			 "comments stand on lines of their own (inside \"...\" of a command ';' "
			 "and '#' are text)");
}

static int check_text(const struct key_row *row, const char *text, struct error *err)
{
	if (text[0] == '\0') {
		return error_set(err, -EINVAL,
				 "the value is missing; to keep the default, make "
				 "the line a comment");
	}
	if (text[0] == '"' && row->type != VALUE_COMMAND) {
		return error_set(err, -EINVAL, "quotes would be part of the value; leave them out");
	}
	return value_check_comment(text, err);
}

int value_store(const struct key_row *row, const char *text, const char *root, void *base,
		struct error *err)
{
	struct target target = {.row = row, .root = root, .base = base};
	int rc;

	if (text[0] == '\0' && row->may_be_empty) {
		return 0;
	}
	rc = check_text(row, text, err);
	if (rc == 0) {
		rc = parsers[row->type](&target, text, err);
	}
	if (rc < 0) {
		return error_prefix(err, "%s = %.80s", row->name, text);
	}
	return 0;
}
