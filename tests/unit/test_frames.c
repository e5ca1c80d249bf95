/*
 * Frames: what goes in comes out, and what is damaged is named instead of believed.
 */
#include "preflight/frames.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/limits.h"
#include "model/verdict.h"

static const struct frame finding = {
	.type = FRAME_FINDING,
	.verdict = VERDICT_NEEDED,
	.code = "disk.low",
	.text = "little space is left",
	.remedy = "free some",
};

static struct buffer encoded(const struct frame *frame)
{
	struct buffer bytes = BUFFER_INIT(2 * (FRAME_HEADER + LIMIT_FRAME));

	cr_assert_eq(frame_encode(frame, &bytes), 0);
	return bytes;
}

/* Writes a number into the bytes of a frame. */
static void patch(struct buffer *bytes, size_t at, uint32_t number)
{
	memcpy(bytes->data + at, &number, sizeof(number));
}

static int decode(const struct buffer *bytes, struct frame *ret)
{
	struct error err = {0};
	size_t used = 0;
	int rc = frame_decode(bytes->data, bytes->length, ret, &used, &err);

	cr_assert(rc != 1 || used == bytes->length);
	cr_assert(rc >= 0 || err.text[0] != '\0');
	return rc;
}

Test(frames, a_finding_comes_out_as_it_went_in)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	struct frame out;

	cr_assert_eq(decode(&bytes, &out), 1);
	cr_assert_eq(out.type, FRAME_FINDING);
	cr_assert_eq(out.verdict, VERDICT_NEEDED);
	cr_assert_str_eq(out.code, "disk.low");
	cr_assert_str_eq(out.text, "little space is left");
	cr_assert_str_eq(out.remedy, "free some");
}

Test(frames, no_remedy_stays_no_remedy)
{
	struct frame frame = finding;

	frame.remedy = NULL;
	auto_buffer struct buffer bytes = encoded(&frame);

	cr_assert_eq(decode(&bytes, &frame), 1);
	cr_assert_null(frame.remedy);
}

Test(frames, the_other_types_come_out_as_they_went_in)
{
	const struct frame frames[] = {
		{.type = FRAME_HELLO, .protocol = 7, .build = "1.2.3"},
		{.type = FRAME_LOG, .level = 2, .text = "a line"},
		{.type = FRAME_FACT, .code = "free", .is_number = true, .number = INT64_MIN},
		{.type = FRAME_FACT, .code = "name", .text = "käse"},
		{.type = FRAME_DONE, .result = -5},
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		auto_buffer struct buffer bytes = encoded(&frames[i]);
		struct frame out;

		cr_assert_eq(decode(&bytes, &out), 1);
		cr_assert_eq(out.type, frames[i].type);
		cr_assert_eq(out.protocol, frames[i].protocol);
		cr_assert_eq(out.level, frames[i].level);
		cr_assert_eq(out.number, frames[i].number);
		cr_assert_eq(out.is_number, frames[i].is_number);
		cr_assert_eq(out.result, frames[i].result);
		cr_assert(frames[i].text == NULL || strcmp(out.text, frames[i].text) == 0);
		cr_assert(frames[i].build == NULL || strcmp(out.build, frames[i].build) == 0);
	}
}

Test(frames, every_beginning_of_a_frame_waits_for_the_rest)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	struct frame out;
	struct error err;
	size_t used = 0;

	for (size_t length = 0; length < bytes.length; length++) {
		cr_assert_eq(frame_decode(bytes.data, length, &out, &used, &err), 0);
	}
}

Test(frames, a_length_over_the_limit_is_refused_before_its_bytes_arrive)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	struct frame out;

	patch(&bytes, 0, LIMIT_FRAME + 1);
	bytes.length = FRAME_HEADER;
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
	patch(&bytes, 0, UINT32_MAX);
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
}

Test(frames, unknown_types_are_refused)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	struct frame out;

	patch(&bytes, 4, 0);
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
	patch(&bytes, 4, FRAME_DONE + 1);
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
	patch(&bytes, 4, FRAME_FINDING | 1u << 16);
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
}

Test(frames, a_verdict_that_is_none_is_refused_at_both_ends)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	auto_buffer struct buffer none = BUFFER_INIT(LIMIT_FRAME);
	struct frame out;

	patch(&bytes, FRAME_HEADER, 0);
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
	patch(&bytes, FRAME_HEADER, 21);
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
	out = finding;
	out.verdict = 0;
	cr_assert_eq(frame_encode(&out, &none), -EINVAL);
	cr_assert_eq(none.length, 0);
}

Test(frames, a_string_without_its_end_is_refused)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	struct frame out;

	bytes.data[bytes.length - 1] = 'x';
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
}

Test(frames, bytes_behind_the_last_string_are_refused)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	struct frame out;

	cr_assert_eq(buffer_add(&bytes, "x", 1), 0);
	patch(&bytes, 0, (uint32_t)(bytes.length - FRAME_HEADER));
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
}

Test(frames, bytes_that_are_no_utf8_are_refused_at_both_ends)
{
	auto_buffer struct buffer bytes = encoded(&finding);
	struct frame out = finding;

	bytes.data[bytes.length - 2] = '\xff';
	cr_assert_eq(decode(&bytes, &out), -EPROTO);
	buffer_clear(&bytes);
	out = finding;
	out.text = "\xc0\x80";
	cr_assert_eq(frame_encode(&out, &bytes), -EINVAL);
}

Test(frames, a_text_may_be_as_long_as_the_header_says_and_no_longer)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(FRAME_HEADER + LIMIT_FRAME);
	auto_free char *text = calloc(1, LIMIT_TEXT + 1);
	struct frame frame = finding;

	cr_assert_not_null(text);
	memset(text, 'x', LIMIT_TEXT - 1);
	frame.text = text;
	frame.remedy = text;
	cr_assert_eq(frame_encode(&frame, &bytes), 0);
	cr_assert_eq(decode(&bytes, &frame), 1);
	cr_assert_eq(strlen(frame.remedy), LIMIT_TEXT - 1);
	buffer_clear(&bytes);
	text[LIMIT_TEXT - 1] = 'x';
	frame.text = text;
	cr_assert_eq(frame_encode(&frame, &bytes), -E2BIG);
}

Test(frames, codes_have_a_narrow_alphabet)
{
	char longest[LIMIT_FACT_KEY + 2] = {0};

	cr_assert(frame_code_is_valid("schema.unknown"));
	cr_assert(frame_code_is_valid("Database_1.path-2"));
	cr_assert_not(frame_code_is_valid(""));
	cr_assert_not(frame_code_is_valid(".hidden"));
	cr_assert_not(frame_code_is_valid("two words"));
	cr_assert_not(frame_code_is_valid("quote\""));
	cr_assert_not(frame_code_is_valid("käse"));
	memset(longest, 'x', LIMIT_FACT_KEY);
	cr_assert(frame_code_is_valid(longest));
	longest[LIMIT_FACT_KEY] = 'x';
	cr_assert_not(frame_code_is_valid(longest));
}

/* Adds frames of these types; the result of the last one. */
static int play(const enum frame_type *types, size_t count)
{
	struct frame_sequence sequence = {0};
	struct error err = {0};
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		const struct frame frame = {.type = types[i]};

		cr_assert_eq(rc, 0);
		rc = frame_sequence_add(&sequence, &frame, FRAME_HEADER, &err);
	}
	return rc;
}
#define PLAY(...)                                                                                  \
	play((const enum frame_type[]){__VA_ARGS__},                                               \
	     sizeof((const enum frame_type[]){__VA_ARGS__}) / sizeof(enum frame_type))

Test(frames, the_order_is_hello_then_anything_then_done)
{
	cr_assert_eq(PLAY(FRAME_HELLO, FRAME_LOG, FRAME_FACT, FRAME_FINDING, FRAME_DONE), 0);
	cr_assert_eq(PLAY(FRAME_DONE), -EPROTO);
	cr_assert_eq(PLAY(FRAME_FINDING), -EPROTO);
	cr_assert_eq(PLAY(FRAME_HELLO, FRAME_HELLO), -EPROTO);
	cr_assert_eq(PLAY(FRAME_HELLO, FRAME_DONE, FRAME_LOG), -EPROTO);
	cr_assert_eq(PLAY(FRAME_HELLO, FRAME_DONE, FRAME_DONE), -EPROTO);
}

/* How many frames of the type are accepted behind a greeting. */
static unsigned accepted(enum frame_type type, size_t size)
{
	struct frame_sequence sequence = {.said_hello = true};
	const struct frame frame = {.type = type};
	struct error err;
	unsigned count = 0;

	while (frame_sequence_add(&sequence, &frame, size, &err) == 0) {
		count++;
	}
	return count;
}

Test(frames, findings_facts_and_bytes_are_counted)
{
	/* One more than a plugin may make: the helper's own. */
	cr_assert_eq(accepted(FRAME_FINDING, FRAME_HEADER), LIMIT_FINDINGS + 1);
	cr_assert_eq(accepted(FRAME_FACT, FRAME_HEADER), LIMIT_FACTS);
	cr_assert_eq(accepted(FRAME_LOG, LIMIT_FRAME), LIMIT_FRAMES / LIMIT_FRAME);
}

/* A small generator with a fixed seed: a failure can be repeated. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

Test(frames, damaged_bytes_never_give_more_than_they_hold)
{
	auto_buffer struct buffer good = encoded(&finding);
	uint32_t state = 20260101;

	for (unsigned round = 0; round < 20000; round++) {
		auto_free char *bytes = malloc(good.length);
		size_t length = next_random(&state) % (good.length + 1);
		struct frame out;
		struct error err;
		size_t used = 0;

		cr_assert_not_null(bytes);
		memcpy(bytes, good.data, good.length);
		for (unsigned i = 0; i < 3; i++) {
			bytes[next_random(&state) % good.length] = (char)next_random(&state);
		}
		if (frame_decode(bytes, length, &out, &used, &err) == 1) {
			cr_assert_leq(used, length);
			cr_assert(out.type != FRAME_FINDING || verdict_is_valid(out.verdict));
		}
	}
}
