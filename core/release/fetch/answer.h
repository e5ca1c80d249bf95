/*
 * answer.h - the lines of an HTTP answer's head (RFC 9112), kept as far as they matter here, and
 * what follows from them.
 */
#ifndef RELEASE_FETCH_ANSWER_H
#define RELEASE_FETCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "release/fetch/reply.h"

struct answer {
	uint64_t status;
	char location[LIMIT_URL + 1]; /* "": none */
	char etag[REPLY_VALIDATOR_MAX + 1];
	char modified[REPLY_VALIDATOR_MAX + 1]; /* Last-Modified */
	char range[REPLY_VALIDATOR_MAX + 1];    /* Content-Range */
	char encoding[REPLY_VALIDATOR_MAX + 1]; /* Content-Encoding */
	char transfer[REPLY_VALIDATOR_MAX + 1]; /* Transfer-Encoding */
	size_t size;                            /* of all lines so far, also of answers before */
};

/* Takes one line with its end. A status line begins a new answer (after "100 Continue"). -EPROTO:
 * not HTTP, a header that counts twice or too long, or more than LIMIT_HTTP_HEAD bytes in all. */
MUST_CHECK int answer_add(struct answer *answer, const char *line, size_t length,
			  struct error *err);

/* True when the answer is final and sends us elsewhere: location says where. */
bool answer_is_redirect(const struct answer *answer);

/* What was asked for, to judge an answer by. */
struct question {
	uint64_t offset; /* 0: the whole document */
	const char *validator;
	uint64_t maximum;
	int64_t length; /* Content-Length of the answer, negative: none */
};

/*
 * The head is complete and no redirect: fills what the updater is told, whose validator points into
 * answer. -EAGAIN: may pass; -ENOENT; -ERANGE: another part of the document than asked for, or of
 * another one; -EFBIG; -EPROTO: an encoding or a status that is of no use.
 */
MUST_CHECK int answer_judge(const struct answer *answer, const struct question *question,
			    struct reply_header *ret, struct error *err);

#endif
