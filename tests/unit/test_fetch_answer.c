/*
 * test_fetch_answer.c - the head of an HTTP answer: what is read out of it, and what follows.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "release/fetch/answer.h"

#define SIZE_OF_ALL 100

/* Reads head, lines with their ends. */
static int read_head(const char *head, struct answer *answer, struct error *err)
{
	int rc = 0;

	for (const char *at = head; *at != '\0' && rc == 0;) {
		size_t length = strcspn(at, "\n") + 1;

		rc = answer_add(answer, at, length, err);
		at += length;
	}
	return rc;
}

struct row {
	const char *head;
	const char *validator; /* of the question */
	uint64_t offset;
	int64_t length; /* Content-Length */
	int code;
	/* With code 0: */
	uint64_t start;
	uint64_t total;   /* 0: not known */
	const char *said; /* the validator of the answer */
};

static const struct row rows[] = {
	{"HTTP/1.1 200 OK\r\n", "", 0, 50, 0, 0, 50, ""},
	{"HTTP/1.1 200 OK\r\n", "", 0, -1, 0, 0, 0, ""},
	{"HTTP/1.1 200 OK\r\n", "", 0, 100, 0, 0, 100, ""},
	{"HTTP/1.1 200 OK\r\n", "", 0, 101, -EFBIG, 0, 0, ""},
	{"HTTP/2 200\r\nETag: \"a\"\r\nLast-Modified: Mon\r\n", "", 0, 9, 0, 0, 9, "\"a\""},
	{"HTTP/1.1 200 OK\r\neTAG:W/\"a\"\r\nlast-modified: \t Mon \r\n", "", 0, 9, 0, 0, 9, "Mon"},
	{"HTTP/1.1 200 OK\r\nETag: W/\"a\"\r\n", "", 0, 9, 0, 0, 9, ""},
	{"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n", "", 0, 9, 0, 0, 9, ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n", "", 0, -1, 0, 0, 0, ""},
	{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", "", 0, 9, -EPROTO, 0, 0, ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", "", 0, 9, -EPROTO, 0, 0, ""},
	/* whoever asked for a part may get the whole */
	{"HTTP/1.1 200 OK\r\n", "\"a\"", 30, 50, 0, 0, 50, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-49/50\r\nETag: \"a\"\r\n", "\"a\"", 30, 20, 0,
	 30, 50, "\"a\""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-49/*\r\n", "\"a\"", 30, 20, 0, 30, 0, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-49/50\r\nETag: \"b\"\r\n", "\"a\"", 30, 20,
	 -ERANGE, 0, 0, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 0-49/50\r\n", "\"a\"", 30, 50, -ERANGE, 0, 0, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-40/50\r\n", "\"a\"", 30, 11, -ERANGE, 0, 0, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-20/50\r\n", "\"a\"", 30, 11, -ERANGE, 0, 0, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-149/150\r\n", "\"a\"", 30, 120, -EFBIG, 0, 0,
	 ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-49/50 \r\n", "\"a\"", 30, 20, 0, 30, 50, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-49/50x\r\n", "\"a\"", 30, 20, -ERANGE, 0, 0,
	 ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 30-18446744073709551615/50\r\n", "\"a\"", 30, 20,
	 -ERANGE, 0, 0, ""},
	{"HTTP/1.1 206 P\r\n", "\"a\"", 30, 20, -ERANGE, 0, 0, ""},
	{"HTTP/1.1 206 P\r\nContent-Range: bytes 0-49/50\r\n", "", 0, 50, -ERANGE, 0, 0, ""},
	{"HTTP/1.1 416 R\r\n", "\"a\"", 30, 0, -ERANGE, 0, 0, ""},
	{"HTTP/1.1 404 N\r\n", "", 0, 0, -ENOENT, 0, 0, ""},
	{"HTTP/1.1 410 G\r\n", "", 0, 0, -ENOENT, 0, 0, ""},
	{"HTTP/1.1 401 U\r\n", "", 0, 0, -EPROTO, 0, 0, ""},
	{"HTTP/1.1 204 N\r\n", "", 0, 0, -EPROTO, 0, 0, ""},
	{"HTTP/1.1 304 N\r\n", "", 0, 0, -EPROTO, 0, 0, ""},
	{"HTTP/1.1 408 T\r\n", "", 0, 0, -EAGAIN, 0, 0, ""},
	{"HTTP/1.1 429 M\r\n", "", 0, 0, -EAGAIN, 0, 0, ""},
	{"HTTP/1.1 500 I\r\n", "", 0, 0, -EAGAIN, 0, 0, ""},
	{"HTTP/1.1 503 S\r\n", "", 0, 0, -EAGAIN, 0, 0, ""},
	/* an answer in front of the answer says nothing */
	{"HTTP/1.1 100 C\r\nETag: \"x\"\r\n\r\nHTTP/1.1 200 OK\r\n", "", 0, 9, 0, 0, 9, ""},
};

Test(fetch_answer, is_judged_by_what_was_asked_for)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const struct question question = {row->offset, row->validator, SIZE_OF_ALL,
						  row->length};
		struct answer answer = {0};
		struct reply_header header = {0};
		struct error err = {0};

		cr_assert_eq(read_head(row->head, &answer, &err), 0, "%s", err.text);
		cr_assert_not(answer_is_redirect(&answer));
		cr_assert_eq(answer_judge(&answer, &question, &header, &err), row->code,
			     "row %zu: %s", i, err.text);
		if (row->code == 0) {
			cr_assert_eq(header.start, row->start, "row %zu", i);
			cr_assert_eq(header.has_length, row->total > 0, "row %zu", i);
			cr_assert_eq(header.length, row->total, "row %zu", i);
			cr_assert_str_eq(header.validator, row->said, "row %zu", i);
		}
	}
}

Test(fetch_answer, is_a_redirect_only_with_these_numbers)
{
	unsigned count = 0;

	for (uint64_t status = 100; status < 600; status++) {
		const struct answer answer = {.status = status};

		count += answer_is_redirect(&answer);
	}
	cr_assert_eq(count, 5);
}

Test(fetch_answer, has_each_header_that_counts_once_and_short)
{
	static const char *const heads[] = {
		"HTTP/1.1 302 F\r\nLocation: /a\r\nLocation: /b\r\n",
		"HTTP/1.1 206 P\r\nContent-Range: bytes 0-1/2\r\ncontent-range: bytes 0-1/2\r\n",
		"not HTTP at all\r\nHTTP/1.1\r\n",
		"HTTP/1.1 20\r\n",
		"HTTP/1.1 x00\r\n",
	};
	char line[LIMIT_URL + 64];
	struct answer answer = {0};
	struct error err = {0};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		answer = (struct answer){0};
		cr_assert_eq(read_head(heads[i], &answer, &err), -EPROTO, "%s is read", heads[i]);
	}
	answer = (struct answer){0};
	(void)snprintf(line, sizeof(line), "Location: %0*d\r\n", (int)LIMIT_URL + 1, 0);
	cr_assert_eq(answer_add(&answer, line, strlen(line), &err), -EPROTO);
	cr_assert(strstr(err.text, "too long") != NULL, "%s", err.text);
}

Test(fetch_answer, counts_the_heads_of_all_answers_together)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n";
	struct answer answer = {0};
	struct error err = {0};
	size_t total = 0;
	int rc = 0;

	while (rc == 0) {
		rc = answer_add(&answer, interim, sizeof(interim) - 1, &err);
		total += sizeof(interim) - 1;
		cr_assert_leq(total, LIMIT_HTTP_HEAD + sizeof(interim));
	}
	cr_assert_eq(rc, -EPROTO);
}

Test(fetch_answer, keeps_no_control_bytes)
{
	static const char line[] = "Location: /a\x1b[31m\x80z\r\n";
	struct answer answer = {0};
	struct error err = {0};

	cr_assert_eq(answer_add(&answer, line, sizeof(line) - 1, &err), 0);
	cr_assert_str_eq(answer.location, "/a?[31m?z");
}
