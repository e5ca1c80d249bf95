/*
 * tarball.h - what a release's archive is called: PRODUCT-VERSION-linux-MACHINE.tar.SUFFIX.
 *
 * The name is where the signed sums say which release the bytes are: it is built from what was
 * asked for and compared, never taken from a URL. A "v" in front of the version is accepted.
 */
#ifndef RELEASE_TARBALL_H
#define RELEASE_TARBALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/version.h"

/* Suffixes in order of preference, NULL behind the last. */
extern const char *const tarball_suffixes[];

/* The version in name, when name is an archive of this product and machine; else -ENOENT. */
MUST_CHECK int tarball_version(const char *name, const char *product, const char *machine,
			       struct version *ret);

/* Is name the archive of exactly this release? */
bool tarball_is(const char *name, const char *product, const struct version *version,
		const char *machine);

/* The place of name's suffix in tarball_suffixes; their number when it has none of them. */
size_t tarball_rank(const char *name);

/* "PRODUCT-VERSION-linux-MACHINE.tar.{zst,xz,gz}", for sentences. */
#define TARBALL_PATTERN_MAX 512
const char *tarball_pattern(const char *product, const struct version *version, const char *machine,
			    char text[TARBALL_PATTERN_MAX]);

#endif
