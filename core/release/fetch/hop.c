/*
 * hop.c - hop.h on libcurl's URL parser.
 */
#include "release/fetch/hop.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "release/fetch/address.h"

/* How much of a stranger's URL a sentence shows. */
#define SHOWN 200

struct parts {
	char *scheme;
	char *host;
	char *port;
	char *user;
};
#define auto_parts __attribute__((cleanup(parts_finish)))

static void parts_finish(struct parts *parts)
{
	curl_free(parts->scheme);
	curl_free(parts->host);
	curl_free(parts->port);
	curl_free(parts->user);
}

static void url_finish(CURLU **url)
{
	curl_url_cleanup(*url);
}
#define auto_url __attribute__((cleanup(url_finish)))

static int take_apart(const char *text, struct parts *ret)
{
	auto_url CURLU *url = curl_url();
	struct parts parts = {0};

	if (url == NULL) {
		return -ENOMEM;
	}
	if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &parts.scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &parts.host, 0) != CURLUE_OK) {
		parts_finish(&parts);
		return -EINVAL;
	}
	/* These two may be missing. */
	(void)curl_url_get(url, CURLUPART_PORT, &parts.port, CURLU_DEFAULT_PORT);
	(void)curl_url_get(url, CURLUPART_USER, &parts.user, 0);
	*ret = parts;
	return 0;
}

/* Without the query, which is where secrets stand. */
static int shown(const char *url)
{
	size_t length = strcspn(url, "?#");

	return length < SHOWN ? (int)length : SHOWN;
}

static int check_host(const char *host, bool near, const char *url, struct error *err)
{
	const char *fault = address_fault_literal(host, near);

	return fault == NULL ? 0
			     : error_set(err, -EPROTO, "%.*s leads to %s", shown(url), url, fault);
}

int hop_check(const struct fetch_request *request, const char *url, struct error *err)
{
	auto_parts struct parts parts = {0};
	int rc = take_apart(url, &parts);

	if (rc == -ENOMEM) {
		return error_no_memory(err);
	}
	if (rc < 0) {
		return error_set(err, -EPROTO, "%.*s is not an address", shown(url), url);
	}
	if (strcmp(parts.scheme, "https") != 0 &&
	    !(request->plain && strcmp(parts.scheme, "http") == 0)) {
		return error_set(err, -EPROTO, "%.*s is not https%s", shown(url), url,
				 request->plain ? " or http" : "");
	}
	if (parts.user != NULL) {
		return error_set(err, -EPROTO, "an address with a user or password is not used");
	}
	return check_host(parts.host, request->near, url, err);
}

static int resolve(const char *url, const char *location, char **ret)
{
	auto_url CURLU *handle = curl_url();
	char *target = NULL;

	if (handle == NULL) {
		return -ENOMEM;
	}
	if (curl_url_set(handle, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_set(handle, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(handle, CURLUPART_URL, &target, 0) != CURLUE_OK) {
		return -EINVAL;
	}
	*ret = strdup(target);
	curl_free(target);
	return *ret == NULL ? -ENOMEM : 0;
}

int hop_follow(const struct fetch_request *request, const char *url, const char *location,
	       char **ret, struct error *err)
{
	auto_free char *target = NULL;
	int rc = location[0] != '\0' ? resolve(url, location, &target) : -EINVAL;

	if (rc == -ENOMEM) {
		return error_no_memory(err);
	}
	if (rc < 0 || strlen(target) > LIMIT_URL) {
		return error_set(err, -EPROTO, "the server redirects to nowhere");
	}
	rc = hop_check(request, target, err);
	if (rc == 0 && strncasecmp(url, "https:", 6) == 0 && strncmp(target, "https:", 6) != 0) {
		rc = error_set(err, -EPROTO, "%.*s is not https", shown(target), target);
	}
	if (rc < 0) {
		return error_prefix(err, "refused a redirect");
	}
	*ret = take_pointer(&target);
	return 0;
}

bool hop_same_origin(const char *a, const char *b)
{
	auto_parts struct parts first = {0};
	auto_parts struct parts second = {0};

	return take_apart(a, &first) == 0 && take_apart(b, &second) == 0 &&
	       strcmp(first.scheme, second.scheme) == 0 &&
	       strcasecmp(first.host, second.host) == 0 && first.port != NULL &&
	       second.port != NULL && strcmp(first.port, second.port) == 0;
}
