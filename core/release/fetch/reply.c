/*
 * reply.c - reply.h. No I/O.
 */
#include "release/fetch/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "release/fetch/fields.h"

static const char greeting[] = "banger-fetch 1 " BANGER_VERSION "\n";
static const char said_ok[] = "ok\n";
static const char said_error[] = "error ";

#define ROW(name, type)                                                                            \
	{                                                                                          \
#name, type, offsetof(struct reply_header, name)                                   \
	}

static const struct field header_fields[] = {
	ROW(status, FIELD_NUMBER),  ROW(start, FIELD_NUMBER),    ROW(length, FIELD_NUMBER),
	ROW(validator, FIELD_TEXT), ROW(has_length, FIELD_FLAG), {0},
};

/* The codes are what the updater sees; the last row is all others. */
const struct reply_reason reply_reasons[] = {
	{"unreachable", -EHOSTUNREACH, true},
	{"cut", -ECONNRESET, true},
	{"busy", -EAGAIN, true},
	{"range", -ERANGE, true},
	{"slow", -ETIMEDOUT, false},
	{"missing", -ENOENT, false},
	{"size", -EFBIG, false},
	{"untrusted", -EACCES, false},
	{"refused", -EPROTO, false},
	{"other", -EIO, false},
	{NULL, 0, false},
};

bool reply_may_pass(int code)
{
	const struct reply_reason *reason = reply_reasons;

	while (reason->word != NULL && reason->code != code) {
		reason++;
	}
	return reason->again;
}

void reply_data_head(size_t length, unsigned char head[REPLY_HEAD_SIZE])
{
	head[0] = REPLY_DATA;
	for (unsigned i = 0; i < 4; i++) {
		head[1 + i] = (unsigned char)(length >> (24 - 8 * i));
	}
}

static int add_frame(struct buffer *bytes, enum reply_kind kind, const struct buffer *text)
{
	unsigned char head[REPLY_HEAD_SIZE];

	reply_data_head(text->length, head);
	head[0] = (unsigned char)kind;
	int rc = buffer_add(bytes, head, sizeof(head));

	return rc == 0 ? buffer_add(bytes, buffer_text(text), text->length) : rc;
}

int reply_add_greeting(struct buffer *bytes)
{
	return buffer_add(bytes, greeting, sizeof(greeting) - 1);
}

int reply_add_confinement(struct buffer *bytes, const char *text)
{
	auto_buffer struct buffer line = BUFFER_INIT(REPLY_TEXT_MAX);
	int rc = buffer_add(&line, text, strlen(text));

	return rc == 0 ? add_frame(bytes, REPLY_CONFINEMENT, &line) : rc;
}

int reply_add_header(struct buffer *bytes, const struct reply_header *header)
{
	auto_buffer struct buffer lines = BUFFER_INIT(REPLY_TEXT_MAX);
	int rc = fields_write(header_fields, header, &lines);

	return rc == 0 ? add_frame(bytes, REPLY_HEADER, &lines) : rc;
}

static const char *word_of(int code)
{
	const struct reply_reason *reason = reply_reasons;

	while (reason[1].word != NULL && reason->code != code) {
		reason++;
	}
	return reason->word;
}

int reply_add_end(struct buffer *bytes, const struct error *failure)
{
	auto_buffer struct buffer line = BUFFER_INIT(REPLY_TEXT_MAX);
	char text[ERROR_TEXT_MAX];
	int rc = 0;

	if (failure == NULL) {
		rc = buffer_add(&line, said_ok, sizeof(said_ok) - 1);
	} else {
		memcpy(text, failure->text, sizeof(text));
		for (char *at = strchr(text, '\n'); at != NULL; at = strchr(at, '\n')) {
			*at = ' ';
		}
		rc = buffer_add_format(&line, "%s%s: %s\n", said_error, word_of(failure->code),
				       text);
	}
	return rc == 0 ? add_frame(bytes, REPLY_END, &line) : rc;
}

void reply_reader_init(struct reply_reader *reader, const struct reply_taker *taker)
{
	*reader = (struct reply_reader){.taker = taker, .wanted = sizeof(greeting) - 1};
}

static int refuse(struct error *err, const char *what)
{
	return error_set(err, -EPROTO, "the fetch helper %s", what);
}

static int read_greeting(struct reply_reader *reader, struct error *err)
{
	if (memcmp(reader->text, greeting, sizeof(greeting) - 1) != 0) {
		return refuse(err, "is not of this build of banger-update: install both anew");
	}
	reader->greeted = true;
	reader->wanted = REPLY_HEAD_SIZE;
	return 0;
}

/* Is this frame's turn? C first, H once, D behind H, E last. */
static bool is_in_order(const struct reply_reader *reader, char kind)
{
	switch ((enum reply_kind)kind) {
	case REPLY_CONFINEMENT:
		return !reader->confined && !reader->answered;
	case REPLY_HEADER:
		return !reader->answered;
	case REPLY_DATA:
		return reader->answered;
	case REPLY_END:
		return true;
	}
	return false;
}

static int read_head(struct reply_reader *reader, struct error *err)
{
	const unsigned char *head = (const unsigned char *)reader->text;
	char kind = (char)head[0];
	size_t length = 0;

	for (unsigned i = 0; i < 4; i++) {
		length = length << 8 | head[1 + i];
	}
	if (!is_in_order(reader, kind) || length == 0 ||
	    length > (kind == REPLY_DATA ? REPLY_DATA_MAX : REPLY_TEXT_MAX)) {
		return refuse(err, "sent something that is not in its protocol");
	}
	reader->kind = kind;
	reader->wanted = length;
	return 0;
}

static int read_confinement(struct reply_reader *reader, struct error *err)
{
	reader->confined = true;
	text_sanitize(reader->text);
	return reader->taker->confinement(reader->taker->data, reader->text, err);
}

static int read_header(struct reply_reader *reader, struct error *err)
{
	struct reply_header header = {0};

	if (fields_read(header_fields, reader->text, &header) < 0 ||
	    strlen(header.validator) > REPLY_VALIDATOR_MAX ||
	    (header.status != 200 && header.status != 206)) {
		return refuse(err, "sent an answer that cannot be read");
	}
	reader->answered = true;
	return reader->taker->header(reader->taker->data, &header, err);
}

/* "KIND: reason" behind "error ", without the line's end. */
static int read_failure(struct reply_reader *reader, const char *line, struct error *err)
{
	const char *colon = strstr(line, ": ");

	for (const struct reply_reason *reason = reply_reasons;
	     reason->word != NULL && colon != NULL; reason++) {
		size_t length = strlen(reason->word);

		if (length == (size_t)(colon - line) && memcmp(line, reason->word, length) == 0) {
			(void)error_set(&reader->end, reason->code, "%s", colon + 2);
			return 0;
		}
	}
	return refuse(err, "reported an unknown failure");
}

static int read_end(struct reply_reader *reader, struct error *err)
{
	size_t length = reader->length;

	reader->ended = true;
	if (strcmp(reader->text, said_ok) == 0) {
		return reader->answered ? 0 : refuse(err, "reported success without an answer");
	}
	if (!text_has_prefix(reader->text, said_error) || reader->text[length - 1] != '\n') {
		return refuse(err, "reported nothing known");
	}
	reader->text[length - 1] = '\0';
	text_sanitize(reader->text);
	return read_failure(reader, reader->text + sizeof(said_error) - 1, err);
}

/* text is complete: a greeting, a head, or the payload of a frame that is no data. */
static int take_text(struct reply_reader *reader, struct error *err)
{
	char kind = reader->kind;
	int rc = 0;

	reader->text[reader->length] = '\0';
	if (!reader->greeted) {
		rc = read_greeting(reader, err);
	} else if (kind == 0) {
		rc = read_head(reader, err);
	} else if (strlen(reader->text) != reader->length) {
		rc = refuse(err, "sent a NUL in a text");
	} else if (kind == REPLY_CONFINEMENT) {
		rc = read_confinement(reader, err);
	} else if (kind == REPLY_HEADER) {
		rc = read_header(reader, err);
	} else {
		rc = read_end(reader, err);
	}
	reader->length = 0;
	if (kind != 0) {
		reader->kind = 0;
		reader->wanted = REPLY_HEAD_SIZE;
	}
	return rc;
}

/* A piece of a data frame, at most up to its end. */
static int take_data(struct reply_reader *reader, const char *bytes, size_t length,
		     struct error *err)
{
	reader->wanted -= length;
	if (reader->wanted == 0) {
		reader->kind = 0;
		reader->wanted = REPLY_HEAD_SIZE;
	}
	return reader->taker->bytes(reader->taker->data, bytes, length, err);
}

int reply_reader_feed(struct reply_reader *reader, const void *bytes, size_t length,
		      struct error *err)
{
	const char *at = bytes;
	int rc = 0;

	while (rc == 0 && length > 0) {
		if (reader->ended) {
			return refuse(err, "sent something behind its end");
		}
		size_t left = reader->wanted - (reader->kind == REPLY_DATA ? 0 : reader->length);
		size_t piece = length < left ? length : left;

		if (reader->kind == REPLY_DATA) {
			rc = take_data(reader, at, piece, err);
		} else {
			memcpy(reader->text + reader->length, at, piece);
			reader->length += piece;
			rc = reader->length == reader->wanted ? take_text(reader, err) : 0;
		}
		at += piece;
		length -= piece;
	}
	return rc;
}

int reply_reader_finish(const struct reply_reader *reader, struct error *err)
{
	if (!reader->ended) {
		return refuse(err, "ended without a report");
	}
	if (reader->end.code < 0) {
		*err = reader->end;
	}
	return reader->end.code;
}
