/* http_head.c - fuzzes answer_add() and answer_judge(): the lines of an HTTP answer's head. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "release/fetch/answer.h"

#define OFFSET  30u
#define MAXIMUM 1000u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char validator[] = "\"v\"";
	struct answer answer = {0};
	struct reply_header header;
	struct error err = {0};
	int rc = 0;

	for (size_t at = 0; at < length && rc == 0;) {
		const char *line = (const char *)bytes + at;
		const char *end = memchr(line, '\n', length - at);
		size_t size = end != NULL ? (size_t)(end - line) + 1 : length - at;

		rc = answer_add(&answer, line, size, &err);
		at += size;
	}
	must(rc < 0 || answer.size <= LIMIT_HTTP_HEAD);
	if (rc == 0) {
		const struct question question = {OFFSET, validator, MAXIMUM, -1};

		rc = answer_judge(&answer, &question, &header, &err);
	}
	fuzz_answer(rc, &err);
	if (rc == 0) {
		must(header.status == 200 || header.status == 206);
		must(header.start == (header.status == 206 ? OFFSET : 0));
		must(!header.has_length || header.length <= MAXIMUM);
		must(strlen(header.validator) <= REPLY_VALIDATOR_MAX);
	}
	return 0;
}
