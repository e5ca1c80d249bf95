/*
 * fields.c - fields.h. No I/O.
 */
#include "release/fetch/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text >= 0x7f) {
			return false;
		}
	}
	return true;
}

static int write_text(const struct field *field, const void *base, struct buffer *lines)
{
	const char *text = NULL;

	memcpy(&text, (const char *)base + field->offset, sizeof(text));
	text = text != NULL ? text : "";
	if (!is_printable(text)) {
		return -EINVAL;
	}
	return buffer_add_format(lines, "%s %s\n", field->name, text);
}

static int write_number(const struct field *field, const void *base, struct buffer *lines)
{
	uint64_t number = 0;

	memcpy(&number, (const char *)base + field->offset, sizeof(number));
	return buffer_add_format(lines, "%s %" PRIu64 "\n", field->name, number);
}

static int write_flag(const struct field *field, const void *base, struct buffer *lines)
{
	bool flag = false;

	memcpy(&flag, (const char *)base + field->offset, sizeof(flag));
	return buffer_add_format(lines, "%s %d\n", field->name, flag ? 1 : 0);
}

static int read_text(const struct field *field, char *value, void *base)
{
	const char *text = value;

	if (!is_printable(value)) {
		return -EINVAL;
	}
	memcpy((char *)base + field->offset, &text, sizeof(text));
	return 0;
}

static int read_number(const struct field *field, char *value, void *base)
{
	uint64_t number = 0;

	if (text_parse_u64(value, &number) < 0) {
		return -EINVAL;
	}
	memcpy((char *)base + field->offset, &number, sizeof(number));
	return 0;
}

static int read_flag(const struct field *field, char *value, void *base)
{
	bool flag = value[0] == '1';

	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
		return -EINVAL;
	}
	memcpy((char *)base + field->offset, &flag, sizeof(flag));
	return 0;
}

static const struct {
	int (*write)(const struct field *field, const void *base, struct buffer *lines);
	int (*read)(const struct field *field, char *value, void *base);
} types[] = {
	[FIELD_TEXT] = {write_text, read_text},
	[FIELD_NUMBER] = {write_number, read_number},
	[FIELD_FLAG] = {write_flag, read_flag},
};

int fields_write(const struct field *fields, const void *base, struct buffer *lines)
{
	for (; fields->name != NULL; fields++) {
		int rc = types[fields->type].write(fields, base, lines);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int fields_read(const struct field *fields, char *lines, void *base)
{
	for (; fields->name != NULL; fields++) {
		size_t length = strlen(fields->name);
		char *end = strchr(lines, '\n');

		if (end == NULL || strncmp(lines, fields->name, length) != 0 ||
		    lines[length] != ' ') {
			return -EINVAL;
		}
		*end = '\0';
		int rc = types[fields->type].read(fields, lines + length + 1, base);

		if (rc < 0) {
			return rc;
		}
		lines = end + 1;
	}
	return *lines == '\0' ? 0 : -EINVAL;
}
