/*
 * url.h - where a release's documents are: a plain path or a URL (RFC 3986), taken apart.
 */
#ifndef RELEASE_URL_H
#define RELEASE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Length of the scheme in front of "://", 0 for a plain path. */
size_t url_scheme_length(const char *url);

/* True when url has this scheme, in any case of letters. */
bool url_has_scheme(const char *url, const char *scheme);

/* True when the host of url is spelled as this host: localhost, 127.x.x.x or [::1]. */
bool url_is_loopback(const char *url);

/* True for a URL with a scheme, at most LIMIT_URL printable ASCII characters, none a blank. */
bool url_is_valid(const char *url);

/* The path of a file URL (RFC 8089: the host is empty or "localhost") with %XX decoded, or a copy
 * of a plain path. The caller frees it. -EINVAL. */
MUST_CHECK int url_file_path(const char *url, char **ret, struct error *err);

/* The last component of the path, without query and fragment, decoded. The caller frees it. */
MUST_CHECK int url_name(const char *url, char **ret, struct error *err);

/* The URL of name in the directory that url's document lies in. The caller frees it; NULL: no
 * memory. */
MUST_CHECK char *url_sibling(const char *url, const char *name);

#endif
