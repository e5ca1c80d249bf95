/*
 * test_fetch_reply.c - what the updater and its fetch helper say to each other: written, read in
 * pieces of any size, and not believed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "release/fetch/reply.h"
#include "release/fetch/request.h"

/* What a reader made of bytes. */
struct heard {
	char confinement[64];
	struct reply_header header;
	char validator[REPLY_VALIDATOR_MAX + 1];
	char bytes[1024];
	size_t length;
	int answer; /* of the taker of bytes */
};

static int take_confinement(void *data, const char *text, struct error *err)
{
	struct heard *heard = data;

	(void)err;
	(void)snprintf(heard->confinement, sizeof(heard->confinement), "%s", text);
	return 0;
}

static int take_header(void *data, const struct reply_header *header, struct error *err)
{
	struct heard *heard = data;

	(void)err;
	heard->header = *header;
	(void)snprintf(heard->validator, sizeof(heard->validator), "%s", header->validator);
	return 0;
}

static int take_bytes(void *data, const void *bytes, size_t length, struct error *err)
{
	struct heard *heard = data;

	if (heard->answer < 0) {
		return error_set(err, heard->answer, "enough");
	}
	cr_assert_leq(length, sizeof(heard->bytes) - heard->length);
	memcpy(heard->bytes + heard->length, bytes, length);
	heard->length += length;
	return 0;
}

/* Feeds bytes in pieces of step. */
static int hear(const void *bytes, size_t length, size_t step, struct heard *heard,
		struct error *err)
{
	const struct reply_taker taker = {take_confinement, take_header, take_bytes, heard};
	struct reply_reader reader;
	const char *at = bytes;

	reply_reader_init(&reader, &taker);
	while (length > 0) {
		size_t piece = length < step ? length : step;
		int rc = reply_reader_feed(&reader, at, piece, err);

		if (rc < 0) {
			return rc;
		}
		at += piece;
		length -= piece;
	}
	return reply_reader_finish(&reader, err);
}

static void add_data(struct buffer *bytes, const char *text)
{
	unsigned char head[REPLY_HEAD_SIZE];

	reply_data_head(strlen(text), head);
	cr_assert_eq(buffer_add(bytes, head, sizeof(head)), 0);
	cr_assert_eq(buffer_add(bytes, text, strlen(text)), 0);
}

/* A reply that is as it should be, up to its end. */
static void add_good(struct buffer *bytes)
{
	const struct reply_header header = {.status = 206,
					    .start = 7,
					    .length = 18446744073709551615u,
					    .has_length = true,
					    .validator = "\"a b\""};

	cr_assert_eq(reply_add_greeting(bytes), 0);
	cr_assert_eq(reply_add_confinement(bytes, "user 1, landlock 2"), 0);
	cr_assert_eq(reply_add_header(bytes, &header), 0);
	add_data(bytes, "first, ");
	add_data(bytes, "second");
}

Test(fetch_reply, is_read_in_pieces_of_any_size)
{
	struct buffer bytes = BUFFER_INIT(4096);

	add_good(&bytes);
	cr_assert_eq(reply_add_end(&bytes, NULL), 0);
	for (size_t step = 1; step <= bytes.length; step++) {
		struct heard heard = {0};
		struct error err = {0};

		cr_assert_eq(hear(bytes.data, bytes.length, step, &heard, &err), 0, "%s", err.text);
		cr_assert_str_eq(heard.confinement, "user 1, landlock 2");
		cr_assert_eq(heard.header.status, 206);
		cr_assert_eq(heard.header.start, 7);
		cr_assert_eq(heard.header.length, UINT64_MAX);
		cr_assert(heard.header.has_length);
		cr_assert_str_eq(heard.validator, "\"a b\"");
		cr_assert_eq(heard.length, strlen("first, second"));
		cr_assert_eq(memcmp(heard.bytes, "first, second", heard.length), 0);
	}
	buffer_finish(&bytes);
}

Test(fetch_reply, is_nothing_before_its_end)
{
	struct buffer bytes = BUFFER_INIT(4096);

	add_good(&bytes);
	cr_assert_eq(reply_add_end(&bytes, NULL), 0);
	for (size_t length = 0; length < bytes.length; length++) {
		struct heard heard = {0};
		struct error err = {0};

		cr_assert_eq(hear(bytes.data, length, 64, &heard, &err), -EPROTO,
			     "a reply cut after %zu bytes is believed", length);
	}
	buffer_finish(&bytes);
}

Test(fetch_reply, carries_each_reason_and_makes_its_text_harmless)
{
	for (const struct reply_reason *reason = reply_reasons; reason->word != NULL; reason++) {
		struct buffer bytes = BUFFER_INIT(4096);
		struct heard heard = {0};
		struct error said = {0};
		struct error err = {0};

		(void)error_set(&said, reason->code, "it was\nso: \x1b[31mred");
		cr_assert_eq(reply_add_greeting(&bytes), 0);
		cr_assert_eq(reply_add_end(&bytes, &said), 0);
		cr_assert_eq(hear(bytes.data, bytes.length, 1, &heard, &err), reason->code);
		cr_assert_str_eq(err.text, "it was so: ?[31mred");
		cr_assert_eq(reply_may_pass(reason->code), reason->again);
		buffer_finish(&bytes);
	}
	cr_assert_not(reply_may_pass(-EBADMSG));
}

Test(fetch_reply, ends_with_what_the_taker_says)
{
	struct buffer bytes = BUFFER_INIT(4096);
	struct heard heard = {.answer = -ENOSPC};
	struct error err = {0};

	add_good(&bytes);
	cr_assert_eq(hear(bytes.data, bytes.length, 10, &heard, &err), -ENOSPC);
	cr_assert_str_eq(err.text, "enough");
	buffer_finish(&bytes);
}

/* Frames that do not belong where they stand, or are none. */
static const struct {
	const char *bytes; /* behind the greeting */
	size_t length;
} wrong[] = {
	{"X\0\0\0\1a", 6},
	{"D\0\0\0\1a", 6},               /* data before the answer */
	{"C\0\0\0\0", 5},                /* empty */
	{"C\0\0\0\1aC\0\0\0\1a", 12},    /* twice */
	{"C\0\0\0\2a\0", 7},             /* a NUL */
	{"C\0\0\x08\1", 5},              /* longer than any text */
	{"D\0\4\0\1", 5},                /* longer than any data */
	{"H\0\0\0\x0bstatus 200\n", 16}, /* fields are missing */
	{"E\0\0\0\3ok\n", 8},            /* success without an answer */
	{"E\0\0\0\x0e"
	 "error odd: a\n\n",
	 19}, /* an unknown reason */
	{"E\0\0\0\x0c"
	 "error cut: a",
	 17}, /* no line end */
	{"E\0\0\0\x0d"
	 "error cut: a\nmore",
	 22}, /* something behind the end */
	{"E\0\0\0\6maybe\n", 11},
	{"\xff\xff\xff\xff\xff\xff\xff\xff", 8},
};

Test(fetch_reply, is_refused_when_it_is_not_in_the_protocol)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buffer bytes = BUFFER_INIT(4096);
		struct heard heard = {0};
		struct error err = {0};

		cr_assert_eq(reply_add_greeting(&bytes), 0);
		cr_assert_eq(buffer_add(&bytes, wrong[i].bytes, wrong[i].length), 0);
		cr_assert_eq(hear(bytes.data, bytes.length, 3, &heard, &err), -EPROTO,
			     "row %zu is believed", i);
		buffer_finish(&bytes);
	}
}

Test(fetch_reply, of_another_build_is_refused)
{
	static const char other[] = "banger-fetch 1 99.0.0-other-build\n";
	struct heard heard = {0};
	struct error err = {0};

	cr_assert_eq(hear(other, sizeof(other) - 1, 100, &heard, &err), -EPROTO);
	cr_assert(strstr(err.text, "not of this build") != NULL, "%s", err.text);
}

Test(fetch_reply, says_no_more_than_a_text_may_have)
{
	struct buffer bytes = BUFFER_INIT(1u << 20);
	char validator[REPLY_VALIDATOR_MAX + 2];
	struct reply_header header = {.status = 200, .validator = validator};
	struct heard heard = {0};
	struct error err = {0};

	memset(validator, 'v', sizeof(validator) - 1);
	validator[sizeof(validator) - 1] = '\0';
	cr_assert_eq(reply_add_greeting(&bytes), 0);
	cr_assert_eq(reply_add_header(&bytes, &header), 0);
	cr_assert_eq(hear(bytes.data, bytes.length, 4096, &heard, &err), -EPROTO);
	buffer_finish(&bytes);
}

/* A request, complete with its last line. */
static char *write_request(const struct fetch_request *request)
{
	struct buffer bytes = BUFFER_INIT(LIMIT_FETCH_REQUEST);

	cr_assert_eq(fetch_request_write(request, &bytes), 0);
	cr_assert_eq(buffer_add_format(&bytes, "%s%s\n", FETCH_SECRET_NAME, request->authorization),
		     0);
	return buffer_detach(&bytes);
}

static const struct fetch_request sample = {
	.url = "https://host/a b?c",
	.proxy = "",
	.validator = "\"x\"",
	.origin = "https://host/m",
	.offset = 1,
	.maximum = UINT64_MAX,
	.timeout_ms = 2,
	.connect_timeout_ms = 3,
	.min_rate = 4,
	.min_rate_window = 5,
	.plain = true,
	.near = false,
	.has_ca = true,
	.authorization = "Authorization: Bearer x",
};

Test(fetch_request, is_read_as_it_was_written)
{
	struct fetch_request read = {0};
	char *text = write_request(&sample);

	cr_assert_eq(fetch_request_read(text, strlen(text), &read), 0);
	cr_assert_str_eq(read.url, sample.url);
	cr_assert_str_eq(read.proxy, "");
	cr_assert_str_eq(read.validator, sample.validator);
	cr_assert_str_eq(read.origin, sample.origin);
	cr_assert_str_eq(read.authorization, sample.authorization);
	cr_assert(read.offset == 1 && read.maximum == UINT64_MAX && read.timeout_ms == 2);
	cr_assert(read.connect_timeout_ms == 3 && read.min_rate == 4 && read.min_rate_window == 5);
	cr_assert(read.plain && !read.near && read.has_ca);
	free(text);
}

Test(fetch_request, is_refused_when_any_byte_is_missing_or_a_line_is_added)
{
	struct fetch_request read;
	char *text = write_request(&sample);
	size_t length = strlen(text);
	char *more = NULL;

	for (size_t i = 0; i < length; i++) {
		char *copy = strndup(text, i);

		cr_assert_eq(fetch_request_read(copy, i, &read), -EINVAL,
			     "a request cut after %zu bytes is read", i);
		free(copy);
	}
	cr_assert_gt(asprintf(&more, "%surl x\n", text), 0);
	cr_assert_eq(fetch_request_read(more, strlen(more), &read), -EINVAL);
	free(more);
	free(text);
}

Test(fetch_request, cannot_carry_a_line_end_or_control_bytes)
{
	static const char *const urls[] = {"https://a/\nplain 1", "https://a/\r", "https://a/\x7f",
					   "https://a/\xc3\xa4"};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct buffer bytes = BUFFER_INIT(LIMIT_FETCH_REQUEST);
		struct fetch_request request = sample;

		request.url = urls[i];
		cr_assert_eq(fetch_request_write(&request, &bytes), -EINVAL, "%s", urls[i]);
		buffer_finish(&bytes);
	}
}
