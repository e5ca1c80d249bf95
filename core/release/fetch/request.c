/*
 * request.c - request.h as a table of fields.
 */
#include "release/fetch/request.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "release/fetch/fields.h"

static const char greeting[] = "banger-fetch-request 1 " BANGER_VERSION "\n";

#define ROW(name, type)                                                                            \
	{                                                                                          \
#name, type, offsetof(struct fetch_request, name)                                  \
	}
#define OPEN_ROWS                                                                                  \
	ROW(url, FIELD_TEXT), ROW(proxy, FIELD_TEXT), ROW(validator, FIELD_TEXT),                  \
		ROW(origin, FIELD_TEXT), ROW(offset, FIELD_NUMBER), ROW(maximum, FIELD_NUMBER),    \
		ROW(timeout_ms, FIELD_NUMBER), ROW(connect_timeout_ms, FIELD_NUMBER),              \
		ROW(min_rate, FIELD_NUMBER), ROW(min_rate_window, FIELD_NUMBER),                   \
		ROW(plain, FIELD_FLAG), ROW(near, FIELD_FLAG), ROW(has_ca, FIELD_FLAG)

static const struct field open_fields[] = {OPEN_ROWS, {0}};
static const struct field all_fields[] = {OPEN_ROWS, ROW(authorization, FIELD_TEXT), {0}};

int fetch_request_write(const struct fetch_request *request, struct buffer *bytes)
{
	int rc = buffer_add(bytes, greeting, sizeof(greeting) - 1);

	return rc == 0 ? fields_write(open_fields, request, bytes) : rc;
}

int fetch_request_read(char *bytes, size_t length, struct fetch_request *ret)
{
	size_t head = sizeof(greeting) - 1;

	if (length < head || memcmp(bytes, greeting, head) != 0 || strlen(bytes) != length) {
		return -EINVAL;
	}
	return fields_read(all_fields, bytes + head, ret);
}
