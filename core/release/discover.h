/*
 * discover.h - which release is meant: the manifest's word, or a directory or file at hand.
 *
 * Nothing here is trusted. The manifest only says where to look; which version it is, is decided
 * by the signed sums (release/verify.h).
 */
#ifndef RELEASE_DISCOVER_H
#define RELEASE_DISCOVER_H

#include "base/error.h"
#include "model/release.h"
#include "release/fetch.h"

struct discover_options {
	const char *product;
	struct fetcher *fetcher; /* NULL: local files only */
	const char *manifest;    /* URL */
	const char *local;       /* --release: a directory or a tarball; NULL: the manifest */
	const char *to;          /* --to: this version; NULL: latest_stable, or the one in local */
};

/*
 * local = a directory: SHA256SUMS, its signature (SHA256SUMS.sig, .minisig or .sigstore.json) and
 * the tarball lie in it. The version is --to's, else that of the only tarball named there for this
 * product and machine; several are an error that lists them. local = a tarball: the sums lie beside
 * it and the version is that of its name. -ENOENT, -EINVAL (not the format; a newer
 * schema_version), -ENOTSUP (a scheme), …
 */
MUST_CHECK int release_discover(const struct discover_options *options, struct release *ret,
				struct error *err);

/* "x86_64" as release names spell it: uname(2) machine. */
const char *release_machine(void);

#endif
