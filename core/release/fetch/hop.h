/*
 * hop.h - may we go there? One URL of a chain of redirects, taken apart by the parser of the
 * library that will follow it, so that there are no two opinions about where it leads.
 */
#ifndef RELEASE_FETCH_HOP_H
#define RELEASE_FETCH_HOP_H

#include <stdbool.h>

#include "base/error.h"
#include "release/fetch/request.h"

/* -EPROTO: not https (or http, where that is allowed), with a user or password, or with a number
 * for a host that is out of bounds (address.h). */
MUST_CHECK int hop_check(const struct fetch_request *request, const char *url, struct error *err);

/* Where a redirect from url to location (absolute or not) leads: *ret, freed by the caller. It is
 * checked like every URL, and never from https to http. */
MUST_CHECK int hop_follow(const struct fetch_request *request, const char *url,
			  const char *location, char **ret, struct error *err);

/* Same scheme, host and port. False when one of them is no URL. */
bool hop_same_origin(const char *a, const char *b);

#endif
