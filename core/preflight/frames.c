/*
 * frames.c - frames.h: pure encoding, decoding and order; no descriptor is touched.
 */
#include "preflight/frames.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "model/verdict.h"

/* The payload that has not been read yet. */
struct cursor {
	const char *at;
	size_t left;
};

static bool take(struct cursor *cursor, void *ret, size_t size)
{
	if (cursor->left < size) {
		return false;
	}
	memcpy(ret, cursor->at, size);
	cursor->at += size;
	cursor->left -= size;
	return true;
}

static bool take_text(struct cursor *cursor, const char **ret)
{
	const char *end = memchr(cursor->at, '\0', cursor->left);

	if (end == NULL) {
		return false;
	}
	size_t length = (size_t)(end - cursor->at);

	if (length >= LIMIT_TEXT || !text_is_utf8(cursor->at, length)) {
		return false;
	}
	*ret = cursor->at;
	cursor->at += length + 1;
	cursor->left -= length + 1;
	return true;
}

static bool is_code_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool frame_code_is_valid(const char *code)
{
	size_t length = strnlen(code, LIMIT_FACT_KEY + 1);

	if (length == 0 || length > LIMIT_FACT_KEY || !is_code_character(code[0])) {
		return false;
	}
	for (size_t i = 1; i < length; i++) {
		if (!is_code_character(code[i]) && strchr("._-", code[i]) == NULL) {
			return false;
		}
	}
	return true;
}

/* The rules for what the fields say, the same for the sender and the receiver. */
static bool fields_are_valid(const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_FINDING:
		return verdict_is_valid(frame->verdict) && frame_code_is_valid(frame->code) &&
		       frame->text[0] != '\0';
	case FRAME_FACT:
		return frame_code_is_valid(frame->code);
	case FRAME_HELLO:
	case FRAME_LOG:
	case FRAME_DONE:
	case FRAME_CONFINED:
	case FRAME_DATABASE:
		return true;
	}
	return false;
}

static int put(struct buffer *payload, const void *bytes, size_t size)
{
	return buffer_add(payload, bytes, size);
}

static int put_text(struct buffer *payload, const char *text)
{
	size_t length = strnlen(text, LIMIT_TEXT);

	if (length >= LIMIT_TEXT) {
		return -E2BIG;
	}
	return text_is_utf8(text, length) ? put(payload, text, length + 1) : -EINVAL;
}

static int put_fact(struct buffer *payload, const struct frame *frame)
{
	uint32_t is_number = frame->is_number;
	int rc = put(payload, &is_number, sizeof(is_number));

	if (rc == 0) {
		rc = put(payload, &frame->number, sizeof(frame->number));
	}
	if (rc == 0) {
		rc = put_text(payload, frame->code);
	}
	return rc < 0 ? rc : put_text(payload, frame->is_number ? "" : frame->text);
}

static int put_finding(struct buffer *payload, const struct frame *frame)
{
	int rc = put(payload, &frame->verdict, sizeof(frame->verdict));

	if (rc == 0) {
		rc = put_text(payload, frame->code);
	}
	if (rc == 0) {
		rc = put_text(payload, frame->text);
	}
	return rc < 0 ? rc : put_text(payload, frame->remedy != NULL ? frame->remedy : "");
}

static int put_confined(struct buffer *payload, const struct frame *frame)
{
	uint32_t is_whole = frame->is_whole;
	int rc = put(payload, &is_whole, sizeof(is_whole));

	return rc < 0 ? rc : put_text(payload, frame->text);
}

static int put_payload(struct buffer *payload, const struct frame *frame)
{
	int rc = 0;

	switch (frame->type) {
	case FRAME_HELLO:
		rc = put(payload, &frame->protocol, sizeof(frame->protocol));
		return rc < 0 ? rc : put_text(payload, frame->build);
	case FRAME_LOG:
		rc = put(payload, &frame->level, sizeof(frame->level));
		return rc < 0 ? rc : put_text(payload, frame->text);
	case FRAME_FACT:
		return put_fact(payload, frame);
	case FRAME_FINDING:
		return put_finding(payload, frame);
	case FRAME_DONE:
		return put(payload, &frame->result, sizeof(frame->result));
	case FRAME_CONFINED:
		return put_confined(payload, frame);
	case FRAME_DATABASE:
		return 0;
	}
	return -EINVAL;
}

int frame_encode(const struct frame *frame, struct buffer *buffer)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(FRAME_HEADER + LIMIT_FRAME);
	uint16_t head[2] = {(uint16_t)frame->type, 0};
	uint32_t length = 0;

	if (!fields_are_valid(frame)) {
		return -EINVAL;
	}
	int rc = put(&bytes, &length, sizeof(length));

	if (rc == 0) {
		rc = put(&bytes, head, sizeof(head));
	}
	if (rc == 0) {
		rc = put_payload(&bytes, frame);
	}
	if (rc < 0) {
		return rc;
	}
	length = (uint32_t)(bytes.length - FRAME_HEADER);
	memcpy(bytes.data, &length, sizeof(length));
	return buffer_add(buffer, bytes.data, bytes.length);
}

static bool take_fact(struct cursor *cursor, struct frame *frame)
{
	uint32_t is_number = 0;

	if (!take(cursor, &is_number, sizeof(is_number)) || is_number > 1 ||
	    !take(cursor, &frame->number, sizeof(frame->number))) {
		return false;
	}
	frame->is_number = is_number == 1;
	return take_text(cursor, &frame->code) && take_text(cursor, &frame->text);
}

static bool take_finding(struct cursor *cursor, struct frame *frame)
{
	if (!take(cursor, &frame->verdict, sizeof(frame->verdict)) ||
	    !take_text(cursor, &frame->code) || !take_text(cursor, &frame->text) ||
	    !take_text(cursor, &frame->remedy)) {
		return false;
	}
	if (frame->remedy[0] == '\0') {
		frame->remedy = NULL;
	}
	return true;
}

static bool take_confined(struct cursor *cursor, struct frame *frame)
{
	uint32_t is_whole = 0;

	if (!take(cursor, &is_whole, sizeof(is_whole)) || is_whole > 1) {
		return false;
	}
	frame->is_whole = is_whole == 1;
	return take_text(cursor, &frame->text);
}

static bool take_payload(struct cursor *cursor, struct frame *frame)
{
	switch (frame->type) {
	case FRAME_HELLO:
		return take(cursor, &frame->protocol, sizeof(frame->protocol)) &&
		       take_text(cursor, &frame->build);
	case FRAME_LOG:
		return take(cursor, &frame->level, sizeof(frame->level)) &&
		       take_text(cursor, &frame->text);
	case FRAME_FACT:
		return take_fact(cursor, frame);
	case FRAME_FINDING:
		return take_finding(cursor, frame);
	case FRAME_DONE:
		return take(cursor, &frame->result, sizeof(frame->result));
	case FRAME_CONFINED:
		return take_confined(cursor, frame);
	case FRAME_DATABASE:
		return true;
	}
	return false;
}

int frame_decode(const char *bytes, size_t length, struct frame *ret, size_t *ret_used,
		 struct error *err)
{
	uint32_t size = 0;
	uint16_t head[2];

	if (length < FRAME_HEADER) {
		return 0;
	}
	memcpy(&size, bytes, sizeof(size));
	memcpy(head, bytes + sizeof(size), sizeof(head));
	if (size > LIMIT_FRAME) {
		return error_set(err, -EPROTO, "a frame claims %u bytes; %u is the most", size,
				 LIMIT_FRAME);
	}
	if (head[0] < FRAME_HELLO || head[0] > FRAME_DATABASE || head[1] != 0) {
		return error_set(err, -EPROTO, "a frame has the unknown type %u", head[0]);
	}
	if (length - FRAME_HEADER < size) {
		return 0;
	}
	struct frame frame = {.type = (enum frame_type)head[0]};
	struct cursor cursor = {bytes + FRAME_HEADER, size};

	if (!take_payload(&cursor, &frame) || cursor.left != 0 || !fields_are_valid(&frame)) {
		return error_set(err, -EPROTO, "a frame of type %u is malformed", head[0]);
	}
	*ret = frame;
	*ret_used = FRAME_HEADER + size;
	return 1;
}

int frame_sequence_add(struct frame_sequence *sequence, const struct frame *frame, size_t size,
		       struct error *err)
{
	bool is_hello = frame->type == FRAME_HELLO;

	if (is_hello == sequence->said_hello) {
		return error_set(err, -EPROTO,
				 is_hello ? "a second greeting" : "a frame before the greeting");
	}
	if (sequence->is_done) {
		return error_set(err, -EPROTO, "a frame behind the last one");
	}
	if (frame->type == FRAME_CONFINED && sequence->is_confined) {
		return error_set(err, -EPROTO, "a second word on how it is confined");
	}
	if (size > LIMIT_FRAMES - sequence->total) {
		return error_set(err, -EPROTO, "more than %u bytes", LIMIT_FRAMES);
	}
	sequence->findings += frame->type == FRAME_FINDING ? 1 : 0;
	sequence->facts += frame->type == FRAME_FACT ? 1 : 0;
	/* One finding more than a plugin may make is the helper's own. */
	if (sequence->findings > LIMIT_FINDINGS + 1 || sequence->facts > LIMIT_FACTS) {
		return error_set(err, -EPROTO, "more than %u findings or %u facts", LIMIT_FINDINGS,
				 LIMIT_FACTS);
	}
	sequence->total += size;
	sequence->said_hello = true;
	sequence->is_confined = sequence->is_confined || frame->type == FRAME_CONFINED;
	sequence->is_done = frame->type == FRAME_DONE;
	return 0;
}
