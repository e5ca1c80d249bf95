/*
 * remote.h - http and https, through the fetch helper: one process for every attempt.
 */
#ifndef RELEASE_REMOTE_H
#define RELEASE_REMOTE_H

#include "release/authorization.h"
#include "release/fetch.h"
#include "release/fetch/confine.h"

struct fetcher {
	struct fetch_options options;
	uint64_t deadline;
	int ca_fd; /* -1: the system's certificates */
	struct authorization authorization;
	char confinement[CONFINEMENT_TEXT_MAX];
};

/* fetch() for both schemes. Tries again what may pass, going on where it was cut off when the
 * server says that the document is still the same. */
MUST_CHECK int remote_fetch(struct fetcher *fetcher, const char *url, const struct fetch_sink *sink,
			    struct error *err);

#endif
