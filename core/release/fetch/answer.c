/*
 * answer.c - answer.h. No I/O.
 */
#include "release/fetch/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* The headers that count. */
static const struct kept {
	const char *name;
	size_t offset;
	size_t size;
} kept[] = {
	{"Location", offsetof(struct answer, location), LIMIT_URL + 1},
	{"ETag", offsetof(struct answer, etag), REPLY_VALIDATOR_MAX + 1},
	{"Last-Modified", offsetof(struct answer, modified), REPLY_VALIDATOR_MAX + 1},
	{"Content-Range", offsetof(struct answer, range), REPLY_VALIDATOR_MAX + 1},
	{"Content-Encoding", offsetof(struct answer, encoding), REPLY_VALIDATOR_MAX + 1},
	{"Transfer-Encoding", offsetof(struct answer, transfer), REPLY_VALIDATOR_MAX + 1},
};

static int begin_answer(struct answer *answer, const char *line, size_t length, struct error *err)
{
	const char *blank = memchr(line, ' ', length);
	size_t size = answer->size;
	uint64_t status = 0;

	for (int i = 1; i <= 3; i++) {
		if (blank == NULL || blank + i >= line + length || blank[i] < '0' ||
		    blank[i] > '9') {
			return error_set(err, -EPROTO, "the server does not answer in HTTP");
		}
		status = status * 10 + (uint64_t)(blank[i] - '0');
	}
	*answer = (struct answer){.status = status, .size = size};
	return 0;
}

/* A copy without blanks around it; what is not printable ASCII becomes '?'. */
static void copy_value(char *to, const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		to[i] = (char)(value[i] >= ' ' && value[i] < 0x7f ? value[i] : '?');
	}
	to[length] = '\0';
}

static int keep(struct answer *answer, const struct kept *row, const char *value, size_t length,
		struct error *err)
{
	char *to = (char *)answer + row->offset;

	while (length > 0 && strchr(" \t\r\n", value[length - 1]) != NULL) {
		length--;
	}
	while (length > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		length--;
	}
	if (length >= row->size) {
		return error_set(err, -EPROTO, "the server's header %s is too long", row->name);
	}
	if (*to != '\0') {
		return error_set(err, -EPROTO, "the server sends the header %s twice", row->name);
	}
	copy_value(to, value, length);
	return 0;
}

int answer_add(struct answer *answer, const char *line, size_t length, struct error *err)
{
	answer->size += length;
	if (answer->size > LIMIT_HTTP_HEAD) {
		return error_set(err, -EPROTO, "the server sends more than %u bytes of headers",
				 LIMIT_HTTP_HEAD);
	}
	if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
		return begin_answer(answer, line, length, err);
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		size_t name = strlen(kept[i].name);

		if (length > name && line[name] == ':' &&
		    strncasecmp(line, kept[i].name, name) == 0) {
			return keep(answer, &kept[i], line + name + 1, length - name - 1, err);
		}
	}
	return 0;
}

bool answer_is_redirect(const struct answer *answer)
{
	static const uint64_t redirects[] = {301, 302, 303, 307, 308};

	for (size_t i = 0; i < sizeof(redirects) / sizeof(redirects[0]); i++) {
		if (answer->status == redirects[i]) {
			return true;
		}
	}
	return false;
}

static int judge_status(const struct answer *answer, struct error *err)
{
	uint64_t status = answer->status;

	if (status == 416) {
		return error_set(err, -ERANGE, "the server has no such part of it");
	}
	if (status == 404 || status == 410) {
		return error_set(err, -ENOENT, "it is not there (the server answers %" PRIu64 ")",
				 status);
	}
	if (status == 401 || status == 403 || status == 407) {
		return error_set(err, -EPROTO,
				 "the server does not let us (it answers %" PRIu64
				 "): see authorization_file and proxy",
				 status);
	}
	if (status == 408 || status == 429 || status >= 500) {
		return error_set(err, -EAGAIN, "the server answers %" PRIu64, status);
	}
	return error_set(err, -EPROTO, "the server answers %" PRIu64 ", which is of no use here",
			 status);
}

static int check_encodings(const struct answer *answer, struct error *err)
{
	if (answer->encoding[0] != '\0' && strcasecmp(answer->encoding, "identity") != 0) {
		return error_set(err, -EPROTO,
				 "the server sends it encoded (%.40s), which was not asked for",
				 answer->encoding);
	}
	if (answer->transfer[0] != '\0' && strcasecmp(answer->transfer, "chunked") != 0) {
		return error_set(err, -EPROTO,
				 "the server sends it in a way that was not asked for (%.40s)",
				 answer->transfer);
	}
	return 0;
}

/* Only what RFC 9110 section 8.8.1 calls strong may join two parts. */
static const char *validator_of(const struct answer *answer)
{
	size_t length = strlen(answer->etag);
	bool is_strong = length >= 2 && answer->etag[0] == '"' && answer->etag[length - 1] == '"';

	return is_strong ? answer->etag : answer->modified;
}

/* Digits and the character behind them; *at stops after it. */
static int take_number(const char **at, char behind, uint64_t *ret)
{
	char digits[24];
	size_t length = strspn(*at, "0123456789");

	if (length >= sizeof(digits) || (*at)[length] != behind) {
		return -EINVAL;
	}
	memcpy(digits, *at, length);
	digits[length] = '\0';
	*at += length + (behind != '\0');
	return text_parse_u64(digits, ret);
}

/* "bytes FIRST-LAST/TOTAL"; TOTAL may be "*". */
static int read_range(const char *text, uint64_t *ret_first, uint64_t *ret_end, bool *ret_whole)
{
	static const char unit[] = "bytes ";
	const char *at = text + strlen(unit);
	uint64_t first = 0, last = 0, total = 0;

	if (!text_has_prefix(text, unit) || take_number(&at, '-', &first) < 0 ||
	    take_number(&at, '/', &last) < 0 || last < first || last == UINT64_MAX) {
		return -EINVAL;
	}
	if (strcmp(at, "*") != 0 && (take_number(&at, '\0', &total) < 0 || last + 1 != total)) {
		return -EINVAL;
	}
	*ret_first = first;
	*ret_end = last + 1;
	*ret_whole = total != 0;
	return 0;
}

/* 206: exactly the rest of exactly this document. */
static int judge_part(const struct answer *answer, const struct question *question,
		      struct reply_header *header, struct error *err)
{
	uint64_t first = 0, end = 0;
	bool whole = false;

	if (question->offset == 0 || read_range(answer->range, &first, &end, &whole) < 0 ||
	    first != question->offset) {
		return error_set(err, -ERANGE, "the server sends another part than was asked for");
	}
	if (header->validator[0] != '\0' && strcmp(header->validator, question->validator) != 0) {
		return error_set(err, -ERANGE, "it changed on the server meanwhile");
	}
	header->start = first;
	header->length = whole ? end : 0;
	header->has_length = whole;
	return 0;
}

int answer_judge(const struct answer *answer, const struct question *question,
		 struct reply_header *ret, struct error *err)
{
	struct reply_header header = {.status = answer->status, .validator = validator_of(answer)};
	int rc = 0;

	if (answer->status != 200 && answer->status != 206) {
		return judge_status(answer, err);
	}
	rc = check_encodings(answer, err);
	if (rc == 0 && answer->status == 206) {
		rc = judge_part(answer, question, &header, err);
	} else if (rc == 0 && question->length >= 0) {
		header.length = (uint64_t)question->length;
		header.has_length = true;
	}
	if (rc == 0 && header.has_length && header.length > question->maximum) {
		rc = error_set(err, -EFBIG,
			       "it has %" PRIu64 " bytes, only %" PRIu64 " are allowed",
			       header.length, question->maximum);
	}
	if (rc == 0) {
		*ret = header;
	}
	return rc;
}
