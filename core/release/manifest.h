/*
 * manifest.h - manifest.json: which releases there are and where. A signpost, not a proof.
 */
#ifndef RELEASE_MANIFEST_H
#define RELEASE_MANIFEST_H

#include <stddef.h>

#include "base/error.h"
#include "model/release.h"

/*
 * Fills the version, tarball, sums and signature of *ret (which the caller finishes) with the
 * release whose version is to ("v" ignored), or latest_stable when to is NULL. Unknown fields are
 * ignored, and so are other releases whose version is not one. -EINVAL: not the format, or a newer
 * schema_version; -ENOENT: no such release in it.
 */
MUST_CHECK int manifest_find(const char *bytes, size_t length, const char *to, struct release *ret,
			     struct error *err);

#endif
