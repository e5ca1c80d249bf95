/*
 * buffer.c - buffer.h: grows by doubling, never past its maximum.
 */
#include "base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256u

/* No memory is that large, and its double still is a number. */
#define LARGEST (SIZE_MAX / 4)

void buffer_finish(struct buffer *buffer)
{
	int saved = errno;

	free(buffer->data);
	buffer->data = NULL;
	buffer->length = 0;
	buffer->capacity = 0;
	errno = saved;
}

/* Room for length more bytes and the NUL. */
static int reserve(struct buffer *buffer, size_t length)
{
	if (length > buffer->maximum || buffer->length > buffer->maximum - length) {
		return -E2BIG;
	}
	size_t needed = buffer->length + length;

	if (needed < buffer->capacity) {
		return 0;
	}
	if (needed > LARGEST) {
		return -ENOMEM;
	}
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;

	while (capacity <= needed) {
		capacity *= 2;
	}
	if (capacity > buffer->maximum) {
		capacity = buffer->maximum + 1;
	}
	char *data = realloc(buffer->data, capacity);

	if (data == NULL) {
		return -ENOMEM;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

int buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
	int rc = reserve(buffer, length);

	if (rc < 0) {
		return rc;
	}
	if (length > 0) {
		memcpy(buffer->data + buffer->length, bytes, length);
	}
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
	return 0;
}

int buffer_add_format(struct buffer *buffer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0) {
		return -EINVAL;
	}
	int rc = reserve(buffer, (size_t)length);

	if (rc < 0) {
		return rc;
	}
	va_start(args, format);
	(void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, args);
	va_end(args);
	buffer->length += (size_t)length;
	return 0;
}

const char *buffer_text(const struct buffer *buffer)
{
	return buffer->data != NULL ? buffer->data : "";
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	if (buffer->data != NULL) {
		buffer->data[0] = '\0';
	}
}

char *buffer_detach(struct buffer *buffer)
{
	char *data = buffer->data != NULL ? buffer->data : calloc(1, 1);

	buffer->data = NULL;
	buffer->length = 0;
	buffer->capacity = 0;
	return data;
}
