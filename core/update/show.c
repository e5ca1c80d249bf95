/*
 * show.c - show.h: values at the left as the INI file writes them, FILE:LINE at the right.
 *
 * What stands at the right goes below when it does not fit, and is never cut: it is there to be
 * copied into an editor's command line.
 */
#include "update/show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "update/report.h"

#define INDENT 4u
#define GAP    2u /* between left and right */

struct screen {
	FILE *to;
	unsigned width;
	struct buffer section; /* the header above the last value */
};

/* Characters, counted as UTF-8 lead bytes. */
static unsigned columns(const char *text)
{
	unsigned count = 0;

	for (; *text != '\0'; text++) {
		count += ((unsigned char)*text & 0xc0) != 0x80;
	}
	return count;
}

static void put_right(const struct screen *screen, unsigned column, const char *right)
{
	unsigned end = column + columns(right);
	unsigned gap = end < screen->width ? screen->width - end : 0;

	(void)fprintf(screen->to, "%*s%s\n", (int)gap, "", right);
}

static void put_both(const struct screen *screen, const char *left, const char *right)
{
	unsigned column = columns(left);

	if (column + GAP + columns(right) <= screen->width) {
		(void)fputs(left, screen->to);
		put_right(screen, column, right);
	} else {
		report_wrap(screen->to, screen->width, INDENT, left);
		(void)fprintf(screen->to, "%*s", (int)INDENT, "");
		put_right(screen, INDENT, right);
	}
}

/* Text from files and directories, made harmless. right may be "". */
static int put_line(const struct screen *screen, const char *left, const char *right)
{
	auto_free char *left_copy = strdup(left);
	auto_free char *right_copy = strdup(right);

	if (left_copy == NULL || right_copy == NULL) {
		return -ENOMEM;
	}
	text_sanitize(left_copy);
	text_sanitize(right_copy);
	if (right_copy[0] == '\0') {
		(void)fprintf(screen->to, "%s\n", left_copy);
	} else {
		put_both(screen, left_copy, right_copy);
	}
	return 0;
}

static int put_sources(const struct screen *screen, const struct sources *sources)
{
	static const char *const remarks[] = {
		[SOURCE_READ] = "",
		[SOURCE_MASK] = "not read: a mask",
		[SOURCE_HIDDEN] = "not read: hidden",
	};
	int rc = put_line(screen, "; files in the order they are read, the last word wins", "");

	for (size_t i = 0; i < sources->count && rc == 0; i++) {
		rc = put_line(screen, sources->items[i].path, remarks[sources->items[i].state]);
	}
	return rc;
}

/* The header, where another section begins. */
static int put_header(struct screen *screen, const struct config_value *value)
{
	auto_buffer struct buffer header = BUFFER_INIT(LIMIT_CONFIG_LINE);
	int rc = buffer_add_format(&header, "[%s%s%s]", value->section,
				   value->name != NULL ? " " : "",
				   value->name != NULL ? value->name : "");

	if (rc < 0 || strcmp(buffer_text(&header), buffer_text(&screen->section)) == 0) {
		return rc;
	}
	(void)fprintf(screen->to, "\n%s\n", buffer_text(&header));
	buffer_clear(&screen->section);
	return buffer_add(&screen->section, header.data, header.length);
}

/* A config_visitor. */
static int put_value(void *data, const struct config_value *value)
{
	auto_buffer struct buffer left = BUFFER_INIT(2 * LIMIT_CONFIG_LINE);
	auto_buffer struct buffer right = BUFFER_INIT(2 * LIMIT_CONFIG_LINE);
	int rc = put_header(data, value);

	if (rc == 0) {
		rc = value->text != NULL
			     ? buffer_add_format(&left, "%s = %s", value->key, value->text)
			     : buffer_add_format(&left, "%s", value->key);
	}
	if (rc == 0) {
		rc = value->file != NULL
			     ? buffer_add_format(&right, "%s:%u", value->file, value->line)
			     : buffer_add_format(&right, "%s",
						 value->text != NULL ? "default" : "unset");
	}
	return rc < 0 ? rc : put_line(data, buffer_text(&left), buffer_text(&right));
}

bool show_config(FILE *to, const struct config *config, unsigned width)
{
	struct screen screen = {.to = to,
				.width = width,
				.section = BUFFER_INIT(LIMIT_CONFIG_LINE)};
	int rc = put_sources(&screen, &config->sources);

	if (rc == 0) {
		rc = config_visit(config, put_value, &screen);
	}
	buffer_finish(&screen.section);
	return rc == 0 && fflush(to) == 0;
}
