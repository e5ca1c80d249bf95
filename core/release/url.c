/*
 * url.c - url.h. Nothing here opens anything.
 */
#include "release/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

static const char separator[] = "://";

size_t url_scheme_length(const char *url)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
	size_t length = strspn(url, letters) > 0 ? strspn(url, others) : 0;

	return strncmp(url + length, separator, sizeof(separator) - 1) == 0 ? length : 0;
}

bool url_has_scheme(const char *url, const char *scheme)
{
	size_t length = url_scheme_length(url);

	return length > 0 && strlen(scheme) == length && strncasecmp(url, scheme, length) == 0;
}

bool url_is_valid(const char *url)
{
	size_t length = strlen(url);

	if (length > LIMIT_URL || url_scheme_length(url) == 0) {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		if (url[i] <= ' ' || url[i] >= 0x7f) {
			return false;
		}
	}
	return true;
}

/* One hexadecimal digit, -1 when it is none. */
static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)((at - digits) % 16) : -1;
}

/* Replaces %XX in place. -EINVAL: not two digits behind a '%', or a NUL. */
static int decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		if (*from != '%') {
			*to = *from++;
			continue;
		}
		int high = hex_value(from[1]);
		int low = high < 0 ? -1 : hex_value(from[2]);

		if (low < 0 || high * 16 + low == 0) {
			return -EINVAL;
		}
		*to = (char)(unsigned char)(high * 16 + low);
		from += 3;
	}
	*to = '\0';
	return 0;
}

/* Behind "scheme://host", where the path begins; url itself for a plain path. */
static const char *path_of(const char *url)
{
	size_t length = url_scheme_length(url);

	if (length == 0) {
		return url;
	}
	const char *host = url + length + sizeof(separator) - 1;

	return host + strcspn(host, "/?#");
}

static bool is_local_host(const char *host, size_t length)
{
	static const char local[] = "localhost";

	return length == 0 ||
	       (length == sizeof(local) - 1 && strncasecmp(host, local, length) == 0);
}

bool url_is_loopback(const char *url)
{
	size_t scheme = url_scheme_length(url);
	const char *host = url + scheme + (scheme > 0 ? sizeof(separator) - 1 : 0);
	struct in_addr address;
	char text[INET_ADDRSTRLEN];
	size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");

	if (scheme == 0 || length == 0 || length >= sizeof(text) ||
	    memchr(host, '@', length) != NULL) {
		return false;
	}
	memcpy(text, host, length);
	text[length] = '\0';
	return strcmp(text, "[::1]") == 0 || strcasecmp(text, "localhost") == 0 ||
	       (inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

int url_file_path(const char *url, char **ret, struct error *err)
{
	size_t length = url_scheme_length(url);
	const char *path = path_of(url);
	const char *host = length > 0 ? url + length + sizeof(separator) - 1 : path;

	if (!is_local_host(host, (size_t)(path - host))) {
		return error_set(err, -EINVAL,
				 "%s names a host: a file URL is file:///absolute/path", url);
	}
	if (length > 0 && (path[0] != '/' || strpbrk(path, "?#") != NULL)) {
		return error_set(err, -EINVAL, "%s is not of the form file:///absolute/path", url);
	}
	auto_free char *copy = strdup(path);

	if (copy == NULL) {
		return error_no_memory(err);
	}
	if (length > 0 && decode(copy) < 0) {
		return error_set(err, -EINVAL, "%s has a '%%' without two hexadecimal digits", url);
	}
	*ret = take_pointer(&copy);
	return 0;
}

int url_name(const char *url, char **ret, struct error *err)
{
	bool is_url = url_scheme_length(url) > 0;
	const char *path = path_of(url);
	auto_free char *copy = strndup(path, is_url ? strcspn(path, "?#") : strlen(path));

	if (copy == NULL) {
		return error_no_memory(err);
	}
	if (is_url && decode(copy) < 0) {
		return error_set(err, -EINVAL, "%s has a '%%' without two hexadecimal digits", url);
	}
	char *name = strdup(path_name(copy));

	if (name == NULL) {
		return error_no_memory(err);
	}
	*ret = name;
	return 0;
}

char *url_sibling(const char *url, const char *name)
{
	const char *path = path_of(url);
	size_t length = url_scheme_length(url) > 0 ? strcspn(path, "?#") : strlen(path);
	char *sibling = NULL;

	while (length > 0 && path[length - 1] != '/') {
		length--;
	}
	if (asprintf(&sibling, "%.*s%s", (int)((size_t)(path - url) + length), url, name) < 0) {
		return NULL;
	}
	return sibling;
}
