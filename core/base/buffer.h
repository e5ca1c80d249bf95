/*
 * buffer.h - a growing byte buffer that cannot exist without a maximum.
 *
 * Its bytes are always followed by a NUL that does not count, so text can be used as a string.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>

#include "base/error.h"

struct buffer {
	char *data; /* NULL while nothing was added */
	size_t length;
	size_t capacity;
	size_t maximum;
};

/* A buffer of at most max bytes; it owns nothing yet. */
#define BUFFER_INIT(max)                                                                           \
	{                                                                                          \
		.maximum = (max)                                                                   \
	}
#define auto_buffer __attribute__((cleanup(buffer_finish)))

void buffer_finish(struct buffer *buffer);

/* Appends. 0, -E2BIG when the maximum would be passed (nothing is added then), -ENOMEM. */
MUST_CHECK int buffer_add(struct buffer *buffer, const void *bytes, size_t length);
MUST_CHECK int buffer_add_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* The bytes as a string, "" while empty. Borrowed until the next change. */
const char *buffer_text(const struct buffer *buffer);

/* Forgets the content, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* The content as a string that the caller frees; the buffer is empty afterwards. NULL: no memory.
 */
char *buffer_detach(struct buffer *buffer);

#endif
