/*
 * error.c - error.h's sentences. A long one keeps its head and its tail, where the cause is.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"

/* What error.h puts around them for the analyser. */
#undef error_set
#undef error_prefix
#undef error_no_memory

/* Sentences up to here need no memory; two paths of the usual kind fit. */
#define FORMAT_MAX 2048

static const char elision[] = " ... ";

/* True inside a UTF-8 sequence: a cut here would leave half a character, which JSON forbids. */
static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Copies text, less its middle when it does not fit. */
static void store(char into[ERROR_TEXT_MAX], const char *text)
{
	size_t length = strlen(text);

	if (length < ERROR_TEXT_MAX) {
		memcpy(into, text, length + 1);
		return;
	}
	size_t tail = (ERROR_TEXT_MAX - sizeof(elision)) / 2;
	size_t head = ERROR_TEXT_MAX - sizeof(elision) - tail;

	for (int i = 0; i < 3 && is_inside_character(text[head]); i++) {
		head--;
	}
	for (int i = 0; i < 3 && is_inside_character(text[length - tail]); i++) {
		tail--;
	}
	memcpy(into, text, head);
	memcpy(into + head, elision, sizeof(elision) - 1);
	memcpy(into + head + sizeof(elision) - 1, text + length - tail, tail + 1);
}

/*
 * The formatted text: in fixed where it fits, else in *allocated. Without memory for that it is
 * fixed after all, and the end is lost.
 */
__attribute__((format(printf, 3, 0))) static const char *compose(char fixed[FORMAT_MAX],
								 char **allocated,
								 const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int length = vsnprintf(fixed, FORMAT_MAX, format, args);

	if (length >= FORMAT_MAX && vasprintf(allocated, format, again) < 0) {
		*allocated = NULL;
	}
	va_end(again);
	if (length < 0) {
		fixed[0] = '\0';
	}
	return *allocated != NULL ? *allocated : fixed;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	char fixed[FORMAT_MAX];
	auto_free char *allocated = NULL;
	va_list args;

	va_start(args, format);
	store(err->text, compose(fixed, &allocated, format, args));
	va_end(args);
	err->code = code;
	return code;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char fixed[FORMAT_MAX];
	auto_free char *allocated = NULL;
	char prefix[ERROR_TEXT_MAX];
	char joined[sizeof(prefix) + sizeof(": ") + sizeof(err->text)];
	va_list args;

	va_start(args, format);
	store(prefix, compose(fixed, &allocated, format, args));
	va_end(args);
	(void)snprintf(joined, sizeof(joined), "%s: %s", prefix, err->text);
	store(err->text, joined);
	return err->code;
}

int error_no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}
