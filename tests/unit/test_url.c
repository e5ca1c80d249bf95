/*
 * test_url.c - paths and URLs, taken apart.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "release/url.h"

static const struct {
	const char *url;
	const char *path; /* NULL: refused */
} file_urls[] = {
	{"/srv/release", "/srv/release"},
	{"relative/100%41.tar", "relative/100%41.tar"},
	{"file:///srv/release", "/srv/release"},
	{"FILE://LocalHost/srv", "/srv"},
	{"file:///a%20b%2Fc", "/a b/c"},
	{"file:///%e2%82%AC", "/\xe2\x82\xac"},
	{"file://server/share", NULL},
	{"file://localhost.example/x", NULL},
	{"file://relative", NULL},
	{"file://", NULL},
	{"file:///a?query", NULL},
	{"file:///a#part", NULL},
	{"file:///a%", NULL},
	{"file:///a%4", NULL},
	{"file:///a%zz", NULL},
	{"file:///a%00b", NULL},
};

Test(url, finds_the_path_of_a_file_url)
{
	for (size_t i = 0; i < sizeof(file_urls) / sizeof(file_urls[0]); i++) {
		char *path = NULL;
		struct error err = {0};
		int rc = url_file_path(file_urls[i].url, &path, &err);

		if (file_urls[i].path == NULL) {
			cr_assert_eq(rc, -EINVAL, "%s", file_urls[i].url);
			cr_assert_null(path);
			cr_assert(strstr(err.text, file_urls[i].url) != NULL, "%s", err.text);
			continue;
		}
		cr_assert_eq(rc, 0, "%s: %s", file_urls[i].url, err.text);
		cr_assert_str_eq(path, file_urls[i].path);
		free(path);
	}
}

static const struct {
	const char *url;
	const char *name;
	const char *sibling; /* of the name "x" */
} names[] = {
	{"SHA256SUMS", "SHA256SUMS", "x"},
	{"/a/b?c", "b?c", "/a/x"},
	{"file:///a/b", "b", "file:///a/x"},
	{"https://host/a/b%2B1?token=/z#/y", "b+1", "https://host/a/x"},
	{"https://host", "", "https://hostx"},
	{"https://host?q", "", "https://hostx"},
};

Test(url, finds_the_name_and_the_neighbour)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *name = NULL;
		struct error err;

		cr_assert_eq(url_name(names[i].url, &name, &err), 0);
		char *sibling = url_sibling(names[i].url, "x");

		cr_assert_str_eq(name, names[i].name);
		cr_assert_str_eq(sibling, names[i].sibling);
		free(name);
		free(sibling);
	}
}

Test(url, is_valid_only_with_a_scheme_and_without_blanks)
{
	static const char *const bad[] = {"",
					  "/a",
					  "a",
					  "://a",
					  "1a://b",
					  "https:/a",
					  "https ://a",
					  "https://a b",
					  "file:///\n",
					  "file:///\xc3\xa4",
					  "https://a\x7f"};
	char *long_url = calloc(1, LIMIT_URL + 2);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_not(url_is_valid(bad[i]), "'%s'", bad[i]);
	}
	cr_assert(url_is_valid("https://host/a?b=%20#c"));
	cr_assert(url_is_valid("file:///a"));
	memset(long_url, 'a', LIMIT_URL);
	memcpy(long_url, "file://", 7);
	cr_assert(url_is_valid(long_url));
	long_url[LIMIT_URL] = 'a';
	cr_assert_not(url_is_valid(long_url));
	free(long_url);
}
