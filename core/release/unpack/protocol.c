/*
 * protocol.c - protocol.h: the report, written and read.
 */
#include "release/unpack/protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "release/unpack/confine.h"

static const char greeting[] = UNPACK_GREETING;
static const char said_held[] = "held ";
static const char said_ok[] = "ok\n";
static const char said_error[] = "error ";

/* The failures that mean something to the updater; the last row is all others. */
static const struct kind {
	const char *word;
	int code;
} kinds[] = {
	{"archive", -EBADMSG}, {"size", -EFBIG}, {"space", -ENOSPC},
	{"memory", -ENOMEM},   {"other", -EIO},
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const struct {
	unsigned bit;
	const char *word;
} holds[] = {
	{CONFINED_USER, "user"},
	{CONFINED_LANDLOCK, "landlock"},
	{CONFINED_SECCOMP, "seccomp"},
};

#define HOLD_COUNT (sizeof(holds) / sizeof(holds[0]))

const char *protocol_held_text(unsigned held, char text[PROTOCOL_HELD_MAX])
{
	size_t used = 0;

	(void)snprintf(text, PROTOCOL_HELD_MAX, "nothing");
	for (size_t i = 0; i < HOLD_COUNT; i++) {
		if ((held & holds[i].bit) != 0) {
			used += (size_t)snprintf(text + used, PROTOCOL_HELD_MAX - used, "%s%s",
						 used > 0 ? ", " : "", holds[i].word);
		}
	}
	return text;
}

int protocol_add_start(struct buffer *report, unsigned held)
{
	return buffer_add_format(report, "%s%s%u\n", greeting, said_held, held);
}

int protocol_add_outcome(struct buffer *report, const struct error *failure)
{
	char reason[ERROR_TEXT_MAX];
	size_t kind = 0;

	if (failure == NULL) {
		return buffer_add(report, said_ok, sizeof(said_ok) - 1);
	}
	while (kind + 1 < KIND_COUNT && kinds[kind].code != failure->code) {
		kind++;
	}
	memcpy(reason, failure->text, sizeof(reason));
	for (char *at = strchr(reason, '\n'); at != NULL; at = strchr(at, '\n')) {
		*at = ' ';
	}
	return buffer_add_format(report, "%s%s: %s\n", said_error, kinds[kind].word, reason);
}

/* "KIND: reason", the line without its end. */
static int read_failure(char *line, struct error *err)
{
	char *colon = strstr(line, ": ");
	bool has_reason = colon != NULL && colon[2] != '\0';

	for (size_t i = 0; i < KIND_COUNT && has_reason; i++) {
		size_t length = strlen(kinds[i].word);

		if (length == (size_t)(colon - line) && memcmp(line, kinds[i].word, length) == 0) {
			text_sanitize(colon + 2);
			return error_set(err, kinds[i].code, "%s", colon + 2);
		}
	}
	return error_set(err, -EPROTO, "the unpack helper reported an unknown failure");
}

/* The last line, "ok" or a failure. */
static int read_outcome(const char *bytes, size_t length, struct error *err)
{
	char line[LIMIT_UNPACK_REPORT];
	const char *end = memchr(bytes, '\n', length);

	if (end == NULL || (size_t)(end - bytes) + 1 != length || length > sizeof(line) ||
	    memchr(bytes, '\0', length) != NULL) {
		return error_set(err, -EPROTO, "the unpack helper ended without a report");
	}
	if (length == sizeof(said_ok) - 1 && memcmp(bytes, said_ok, length) == 0) {
		return 0;
	}
	memcpy(line, bytes, length - 1);
	line[length - 1] = '\0';
	if (!text_has_prefix(line, said_error)) {
		return error_set(err, -EPROTO, "the unpack helper reported nothing known");
	}
	return read_failure(line + strlen(said_error), err);
}

/* One digit, as there are three bits. */
static bool read_held(const char *bytes, size_t length, unsigned *ret)
{
	size_t head = sizeof(said_held) - 1;

	if (length < head + 2 || memcmp(bytes, said_held, head) != 0 || bytes[head] < '0' ||
	    bytes[head] >= '0' + (1 << HOLD_COUNT) || bytes[head + 1] != '\n') {
		return false;
	}
	*ret = (unsigned)(bytes[head] - '0');
	return true;
}

int protocol_read(const char *bytes, size_t length, unsigned *ret_held, struct error *err)
{
	size_t head = sizeof(greeting) - 1;
	unsigned held = 0;

	if (length == 0) {
		return error_set(err, -EPROTO, "the unpack helper ended without a report");
	}
	if (length < head || memcmp(bytes, greeting, head) != 0) {
		return error_set(err, -EPROTO,
				 "the unpack helper is not of this build of banger-update: install "
				 "both anew");
	}
	if (!read_held(bytes + head, length - head, &held)) {
		return error_set(err, -EPROTO, "the unpack helper ended without a report");
	}
	head += sizeof(said_held) - 1 + 2;
	int rc = read_outcome(bytes + head, length - head, err);

	if (rc == 0) {
		*ret_held = held;
	}
	return rc;
}
