/*
 * verify.h - from a claim to signed facts: the sums' signature by one of our keys, the tarball's
 * line in them, and release.json.
 */
#ifndef RELEASE_VERIFY_H
#define RELEASE_VERIFY_H

#include "base/error.h"
#include "model/release.h"
#include "release/fetch.h"

struct verify_options {
	struct fetcher *fetcher; /* NULL: local files only */
	const char *product;
	const char *keys; /* a directory of *.pub or one file (release/keys.h) */
	bool check_trust; /* keys must pass trust_check_chain(): set when running as root */
};

/*
 * Fetches SHA256SUMS and its signature, verifies it (release/signature.h), finds the one line
 * "<product>-<version>-linux-<machine>.tar.*" and fills the signed part of *release; reads
 * release.json when the sums name it, and checks its hash, product and version. -EKEYREJECTED: no
 * key signed this; -ENOKEY: no usable key at all; -EBADMSG: malformed sums or release.json;
 * -ENOENT: the version is not in the sums.
 */
MUST_CHECK int release_verify(const struct verify_options *options, struct release *release,
			      struct error *err);

#endif
