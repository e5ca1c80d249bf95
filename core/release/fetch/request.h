/*
 * request.h - what the updater asks its fetch helper for: one URL, and everything that bounds it.
 *
 * It crosses over in a sealed memfd, never in arguments or the environment, which others can read.
 * Both ends are of one build: a request with another greeting is refused.
 */
#ifndef RELEASE_FETCH_REQUEST_H
#define RELEASE_FETCH_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
	FETCH_FD_REQUEST = 3,
	FETCH_FD_REPLY = 4,
	FETCH_FD_CA = 5, /* only when the request says has_ca */
};

struct fetch_request {
	const char *url;
	const char *proxy;     /* "": none */
	const char *validator; /* for If-Range, of an earlier answer; "" when offset is 0 */
	const char *origin;    /* a URL: authorization goes to its scheme, host and port only */
	uint64_t offset;       /* bytes that are there already */
	uint64_t maximum;      /* of the whole document */
	uint64_t timeout_ms;
	uint64_t connect_timeout_ms;
	uint64_t min_rate;        /* bytes a second; 0: none */
	uint64_t min_rate_window; /* seconds below min_rate before it is given up */
	bool plain;               /* http is allowed */
	bool near;                /* so are addresses of this host itself */
	bool has_ca;
	const char *authorization; /* a header line, "": none; a secret */
};

/*
 * Appends the request less its last line, which is FETCH_SECRET_NAME, the secret and a line end:
 * whoever has the secret writes it where it is not copied again. -EINVAL: a text that cannot be
 * written.
 */
#define FETCH_SECRET_NAME "authorization "
MUST_CHECK int fetch_request_write(const struct fetch_request *request, struct buffer *bytes);

/* bytes end with a NUL at length, are changed and lent. -EINVAL: not a request of this build. */
MUST_CHECK int fetch_request_read(char *bytes, size_t length, struct fetch_request *ret);

#endif
