/*
 * version.h - versions in the order of Semantic Versioning 2.0.0, section 11.
 *
 * A leading "v" is accepted and ignored. Build metadata does not take part in the order.
 */
#ifndef MODEL_VERSION_H
#define MODEL_VERSION_H

#include <stdint.h>

#include "base/error.h"

#define VERSION_TEXT_MAX 128

struct version {
	uint64_t major, minor, patch;
	char prerelease[VERSION_TEXT_MAX]; /* "" for a release */
	char text[VERSION_TEXT_MAX];       /* as written, without the leading v */
};

/* -EINVAL: not a version, or longer than VERSION_TEXT_MAX - 1; -ERANGE: a number over 2^53. */
MUST_CHECK int version_parse(const char *text, struct version *ret, struct error *err);

/* Less than, equal to or greater than 0, as a is older than, the same as or newer than b. */
int version_compare(const struct version *a, const struct version *b);

/* The first word of text that is a version ("banger 1.2.3 (abc)" gives 1.2.3). -ENOENT: none. */
MUST_CHECK int version_find(const char *text, struct version *ret, struct error *err);

#endif
