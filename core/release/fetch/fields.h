/*
 * fields.h - a struct as lines of text, "name value", one for each row of a table, in its order.
 *
 * What crosses a process's border is written and read by the same table. Reading is strict: every
 * field once, in order, nothing else.
 */
#ifndef RELEASE_FETCH_FIELDS_H
#define RELEASE_FETCH_FIELDS_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

enum field_type {
	FIELD_TEXT,   /* const char *: printable ASCII, may be empty; NULL is written as empty */
	FIELD_NUMBER, /* uint64_t */
	FIELD_FLAG,   /* bool */
};

struct field {
	const char *name; /* NULL ends the table */
	enum field_type type;
	size_t offset;
};

/* Appends base's fields. -EINVAL: a text with a line end or another byte that is not printable;
 * -E2BIG, -ENOMEM from the buffer. */
MUST_CHECK int fields_write(const struct field *fields, const void *base, struct buffer *lines);

/* Reads lines, which are changed and lent: texts in base point into them. -EINVAL; base is only
 * usable on success. */
MUST_CHECK int fields_read(const struct field *fields, char *lines, void *base);

#endif
