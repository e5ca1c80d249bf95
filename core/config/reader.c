/*
 * reader.c - splits an INI file into lines and hands each "key = value" to inih.
 *
 * inih alone would lose sections without keys, merge duplicates, cut long lines in two and glue
 * indented ones to the value above, all silently. So every line is judged here first, and inih
 * sees one line at a time, with those of its process-wide options that guess switched off.
 */
#include "config/reader.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define INI_HANDLER_LINENO 1 /* Debian's library passes it in any case */
#include <ini.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/names.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";
static const char blanks[] = " \t";

/* Where the reader is: fails with the line in front. */
static int refuse(const struct document *document, struct error *err, const char *text)
{
	struct origin here = {.file = document->file, .line = document->lines};

	return origin_error(&here, err, "%s", text);
}

/* The first byte that has no place in a line of text; length when there is none. */
static size_t find_control(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			return i;
		}
	}
	return length;
}

static int check_bytes(const struct document *document, const char *line, size_t length,
		       struct error *err)
{
	struct origin here = {.file = document->file, .line = document->lines};
	size_t control;

	if (length > LIMIT_CONFIG_LINE) {
		return origin_error(&here, err, "the line is longer than %u bytes",
				    LIMIT_CONFIG_LINE);
	}
	control = find_control(line, length);
	if (control < length) {
		return origin_error(&here, err,
				    "byte %zu of the line is the control character 0x%02x; "
				    "remove it",
				    control + 1, (unsigned)(unsigned char)line[control]);
	}
	if (!text_is_utf8(line, length)) {
		return refuse(document, err, "the line is not UTF-8 text");
	}
	return 0;
}

/* Names become parts of file names and arguments: no separators, no leading '.' or '-'. */
static int check_name(const struct section_row *row, const char *name, const struct origin *here,
		      struct error *err)
{
	if (row->letters == NULL && name[0] != '\0') {
		return origin_error(here, err, "[%s] has no name; write [%s]", row->word,
				    row->word);
	}
	if (row->letters == NULL) {
		return 0;
	}
	if (name[0] == '\0') {
		return origin_error(here, err, "the name is missing; write [%s NAME]", row->word);
	}
	if (!name_is_made_of(name, "_", row->letters, row->name_max)) {
		return origin_error(here, err,
				    "'%.80s' is no name for [%s NAME]: it has at most %zu letters, "
				    "digits and %s, and begins with a letter, digit or '_'",
				    name, row->word, row->name_max, row->letters);
	}
	return 0;
}

static int refuse_section(const struct origin *here, const char *word, struct error *err)
{
	auto_buffer struct buffer hint = BUFFER_INIT(LIMIT_CONFIG_LINE);
	int rc = section_suggest(word, &hint);

	if (rc < 0) {
		return error_no_memory(err);
	}
	return origin_error(here, err, "unknown section [%.80s]: %s", word, buffer_text(&hint));
}

/* inside: what stands between the brackets, without blanks at its ends. */
static int read_section(struct document *document, char *inside, struct error *err)
{
	struct origin here = {.file = document->file, .line = document->lines};
	char *name = inside + strcspn(inside, blanks);
	enum section_kind kind;
	int rc;

	if (*name != '\0') {
		*name++ = '\0';
		name += strspn(name, blanks);
	}
	if (inside[0] == '\0') {
		return origin_error(&here, err, "the section has no name; write like [update]");
	}
	if (section_kind_find(inside, &kind) < 0) {
		return refuse_section(&here, inside, err);
	}
	rc = check_name(&section_rows[kind], name, &here, err);
	if (rc < 0) {
		return rc;
	}
	return document_add_section(document, kind, name, document->lines, err);
}

static void cut_trailing_blanks(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(blanks, text[length - 1]) != NULL) {
		text[--length] = '\0';
	}
}

static int read_header(struct document *document, char *line, struct error *err)
{
	char *inside = line + 1;
	char *end = strchr(inside, ']');

	if (end == NULL) {
		return refuse(document, err, "the section's ']' is missing");
	}
	if (end[1 + strspn(end + 1, blanks)] != '\0') {
		return refuse(document, err,
			      "there is text behind ']'; comments and keys stand on lines of "
			      "their own");
	}
	*end = '\0';
	inside += strspn(inside, blanks);
	cut_trailing_blanks(inside);
	return read_section(document, inside, err);
}

/* What inih made of a line. */
struct split {
	struct document *document;
	struct error *err;
	int result;
};

static int check_key(const struct document *document, const char *key, struct error *err)
{
	struct origin here = {.file = document->file, .line = document->lines};

	if (key[0] == '\0') {
		return origin_error(&here, err, "there is no key in front of '='");
	}
	if (!name_is_made_of(key, "_", "_.-", LIMIT_CONFIG_KEY)) {
		return origin_error(&here, err,
				    "'%.80s' is no key: it has at most %u letters, digits, '_', "
				    "'.' and '-'",
				    key, LIMIT_CONFIG_KEY);
	}
	return 0;
}

/* inih's handler; 0 is its word for failure. */
static int take_pair(void *user, const char *section, const char *key, const char *value,
		     int line_of_one)
{
	struct split *split = user;

	(void)section;
	(void)line_of_one;
	split->result = check_key(split->document, key, split->err);
	if (split->result == 0) {
		split->result = document_add_entry(split->document, key, value,
						   split->document->lines, split->err);
	}
	return split->result == 0;
}

/*
 * inih r55's defaults split lines after 198 bytes and parse the rest as a line of its own, cut
 * values at " ;", and treat every line as the possible first one of a file with a byte order mark.
 */
static void set_inih_options(void)
{
	ini_use_stack = false;
	ini_allow_realloc = true;
	ini_max_line = (int)(2 * LIMIT_CONFIG_LINE);
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_bom = false;
	ini_allow_no_value = false;
	ini_stop_on_first_error = true;
}

/* Lines that inih would accept and mean something else by. */
static int check_key_line(const struct document *document, const char *line, struct error *err)
{
	if (strchr(blanks, line[0]) != NULL) {
		return refuse(document, err,
			      "the line begins with a blank; a value is one line and cannot be "
			      "continued, and sections and keys begin at the left");
	}
	switch (line[strcspn(line, "=:")]) {
	case '=':
		return 0;
	case ':':
		return refuse(document, err, "write '=' between key and value, not ':'");
	default:
		return refuse(document, err, "the line is no comment, [section] or 'key = value'");
	}
}

static int read_key(struct document *document, const char *line, struct error *err)
{
	struct split split = {.document = document, .err = err, .result = -EINVAL};
	int rc = check_key_line(document, line, err);

	if (rc < 0) {
		return rc;
	}
	(void)refuse(document, err, "the line is not 'key = value'");
	if (ini_parse_string(line, take_pair, &split) == -2) {
		return error_no_memory(err);
	}
	return split.result;
}

static int read_line(struct document *document, const char *bytes, size_t length, struct error *err)
{
	auto_free char *line = NULL;
	const char *start;
	int rc = check_bytes(document, bytes, length, err);

	if (rc < 0) {
		return rc;
	}
	line = strndup(bytes, length);
	if (line == NULL) {
		return error_no_memory(err);
	}
	start = line + strspn(line, blanks);
	if (*start == '\0' || *start == ';' || *start == '#') {
		return 0;
	}
	if (line[0] == '[') {
		return read_header(document, line, err);
	}
	return read_key(document, line, err);
}

int reader_read(struct document *document, const char *bytes, size_t length, struct error *err)
{
	const char *end = bytes + length;
	size_t mark = strlen(byte_order_mark);

	set_inih_options();
	if (length >= mark && memcmp(bytes, byte_order_mark, mark) == 0) {
		bytes += mark;
	}
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *line_end = newline != NULL ? newline : end;
		size_t line_length = (size_t)(line_end - bytes);
		int rc;

		if (newline != NULL && line_length > 0 && line_end[-1] == '\r') {
			line_length--;
		}
		document->lines++;
		rc = read_line(document, bytes, line_length, err);
		if (rc < 0) {
			return rc;
		}
		bytes = newline != NULL ? newline + 1 : end;
	}
	return 0;
}
