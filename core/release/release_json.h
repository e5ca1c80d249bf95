/*
 * release_json.h - release.json: what the publisher signed about a release beyond its bytes, which
 * is the migrations it knows for each database.
 */
#ifndef RELEASE_RELEASE_JSON_H
#define RELEASE_RELEASE_JSON_H

#include <stddef.h>

#include "base/error.h"
#include "model/release.h"

/*
 * Fills migrations and migration_count of *ret, identifiers in ascending order. The document has to
 * be about this product and version. An unknown field is ignored, unless the document lists it
 * under "critical". -EBADMSG for anything else than this.
 */
MUST_CHECK int release_json_parse(const char *bytes, size_t length, const char *product,
				  const struct version *version, struct release *ret,
				  struct error *err);

#endif
