/*
 * error.c - error.h's sentences. A long one keeps its head and its tail, where the cause is.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Far beyond any sentence with two paths in it. */
#define FORMAT_MAX 16384

static const char elision[] = " ... ";

/* Copies text, less its middle when it does not fit. */
static void store(char *into, const char *text, size_t length)
{
	if (length < ERROR_TEXT_MAX) {
		memcpy(into, text, length + 1);
		return;
	}
	size_t tail = (ERROR_TEXT_MAX - sizeof(elision)) / 2;
	size_t head = ERROR_TEXT_MAX - sizeof(elision) - tail;

	memcpy(into, text, head);
	memcpy(into + head, elision, sizeof(elision) - 1);
	memcpy(into + head + sizeof(elision) - 1, text + length - tail, tail + 1);
}

static size_t clamp(int written)
{
	if (written < 0) {
		return 0;
	}
	return (size_t)written < FORMAT_MAX ? (size_t)written : FORMAT_MAX - 1;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	char text[FORMAT_MAX];
	va_list args;

	va_start(args, format);
	int written = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err->code = code;
	text[clamp(written)] = '\0';
	store(err->text, text, clamp(written));
	return code;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char text[FORMAT_MAX];
	va_list args;

	va_start(args, format);
	int written = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	size_t used = clamp(written);

	/* The prefix gives way, not the cause. */
	if (used > FORMAT_MAX - ERROR_TEXT_MAX - 3) {
		used = FORMAT_MAX - ERROR_TEXT_MAX - 3;
	}
	written = snprintf(text + used, sizeof(text) - used, ": %s", err->text);
	store(err->text, text, used + clamp(written));
	return err->code;
}

int error_no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}
