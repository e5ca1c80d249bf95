/*
 * test_manifest.c - manifest.json: the one entry that is meant, or why there is none.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "release/manifest.h"

#define ENTRY(version, host)                                                                       \
	"{\"version\":\"" version "\",\"tarball_url\":\"https://" host                             \
	"/t\",\"sha256sums_url\":\"https://" host "/s\",\"sha256sums_sig_url\":\"https://" host    \
	"/g\",\"notes\":{\"future\":true}}"
#define MANIFEST(latest, releases)                                                                 \
	"{\"schema_version\":1,\"latest_stable\":" latest ",\"generated\":\"today\",\"releases\":" \
	"[" releases "]}"

static const struct {
	const char *text;
	const char *to;
	const char *version;
	const char *tarball;
} good[] = {
	{MANIFEST("\"1.1.0\"", ENTRY("1.0.0", "old") "," ENTRY("1.1.0", "new")), NULL, "1.1.0",
	 "https://new/t"},
	{MANIFEST("\"v1.1.0\"", ENTRY("1.1.0", "new")), NULL, "1.1.0", "https://new/t"},
	{MANIFEST("\"1.1.0\"", ENTRY("v1.1.0", "new")), NULL, "1.1.0", "https://new/t"},
	{MANIFEST("\"1.1.0\"", ENTRY("1.0.0", "old") "," ENTRY("1.1.0", "new")), "1.0.0", "1.0.0",
	 "https://old/t"},
	{MANIFEST("\"1.1.0\"", ENTRY("1.0.0", "old")), "v1.0.0", "1.0.0", "https://old/t"},
	{MANIFEST("null", ENTRY("1.0.0", "old")), "1.0.0", "1.0.0", "https://old/t"},
	{MANIFEST("\"1.0.0\"", ENTRY("nightly", "odd") "," ENTRY("1.0.0", "old")), NULL, "1.0.0",
	 "https://old/t"},
	{MANIFEST("\"1.0.0\"", ENTRY("1.0.0-rc.1", "rc") "," ENTRY("1.0.0", "old")), NULL, "1.0.0",
	 "https://old/t"},
};

static const struct {
	const char *text;
	const char *to;
	int code;
	const char *why;
} bad[] = {
	{"", NULL, -EINVAL, "line 1"},
	{"{", NULL, -EINVAL, "line 1"},
	{"[]", NULL, -EINVAL, "object"},
	{"{}", NULL, -EINVAL, "schema_version"},
	{"{\"schema_version\":\"1\",\"releases\":[]}", NULL, -EINVAL, "schema_version"},
	{"{\"schema_version\":0,\"releases\":[]}", NULL, -EINVAL, "schema_version"},
	{"{\"schema_version\":2,\"releases\":\"elsewhere\"}", NULL, -EINVAL,
	 "update banger-update"},
	{"{\"schema_version\":1,\"schema_version\":1,\"releases\":[]}", NULL, -EINVAL, "duplicate"},
	{"{\"schema_version\":1}", NULL, -EINVAL, "list of releases"},
	{"{\"schema_version\":1,\"releases\":{}}", NULL, -EINVAL, "list of releases"},
	{"{\"schema_version\":1,\"releases\":[]} x", NULL, -EINVAL, "line 1"},
	{"{\"schema_version\":1,\"releases\":[]}", NULL, -ENOENT, "--to"},
	{MANIFEST("\"\"", ""), NULL, -ENOENT, "--to"},
	{MANIFEST("\"latest\"", ""), NULL, -EINVAL, "latest_stable"},
	{MANIFEST("\"99999999999999999999.0.0\"", ""), NULL, -ERANGE, "latest_stable"},
	{MANIFEST("\"1.0.0\"", ""), NULL, -ENOENT, "1.0.0"},
	{MANIFEST("\"1.0.0\"", ENTRY("1.0.0", "a")), "2.0.0", -ENOENT, "2.0.0"},
	{MANIFEST("\"1.0.0\"", ENTRY("1.0.0", "a")), "two", -EINVAL, "two"},
	{MANIFEST("\"1.0.0\"", ENTRY("1.0.0+1", "a")), NULL, -ENOENT, "1.0.0"},
	{MANIFEST("\"1.0.0\"", ENTRY("1.0.0", "a") "," ENTRY("v1.0.0", "b")), NULL, -EINVAL,
	 "twice"},
	{MANIFEST("\"1.0.0\"", "7"), NULL, -EINVAL, "no version"},
	{MANIFEST("\"1.0.0\"", "{\"version\":1}"), NULL, -EINVAL, "no version"},
	{MANIFEST("\"1.0.0\"", "{\"version\":\"1.0.0\"}"), NULL, -EINVAL, "tarball_url"},
	{MANIFEST("\"1.0.0\"", "{\"version\":\"1.0.0\",\"tarball_url\":\"/etc/passwd\"}"), NULL,
	 -EINVAL, "tarball_url"},
	{MANIFEST("\"1.0.0\"", "{\"version\":\"1.0.0\",\"tarball_url\":\"https://a b\"}"), NULL,
	 -EINVAL, "tarball_url"},
	{MANIFEST("\"1.0.0\"", "{\"version\":\"1.0.0\",\"tarball_url\":\"https://a\\r\\nX: y\"}"),
	 NULL, -EINVAL, "tarball_url"},
	{MANIFEST("\"1.0.0\"", "{\"version\":\"1.0.0\",\"tarball_url\":\"https://a\","
			       "\"sha256sums_url\":\"https://a\"}"),
	 NULL, -EINVAL, "sha256sums_sig_url"},
};

Test(manifest, finds_the_release_that_is_meant)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct release release = {0};
		struct error err = {0};

		cr_assert_eq(manifest_find(good[i].text, strlen(good[i].text), good[i].to, &release,
					   &err),
			     0, "%zu: %s", i, err.text);
		cr_assert_str_eq(release.version.text, good[i].version);
		cr_assert_str_eq(release.tarball, good[i].tarball);
		cr_assert_null(release.tarball_name, "nothing is signed yet");
		release_finish(&release);
	}
}

Test(manifest, keeps_the_three_urls_apart)
{
	static const char text[] = MANIFEST("\"1.0.0\"", ENTRY("1.0.0", "a"));
	struct release release = {0};
	struct error err;

	cr_assert_eq(manifest_find(text, sizeof(text) - 1, NULL, &release, &err), 0);
	cr_assert_str_eq(release.tarball, "https://a/t");
	cr_assert_str_eq(release.sums, "https://a/s");
	cr_assert_str_eq(release.signature, "https://a/g");
	release_finish(&release);
}

Test(manifest, says_why_there_is_none)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct release release = {0};
		struct error err = {0};

		cr_assert_eq(manifest_find(bad[i].text, strlen(bad[i].text), bad[i].to, &release,
					   &err),
			     bad[i].code, "%zu: %s", i, err.text);
		cr_assert(strstr(err.text, bad[i].why) != NULL, "%zu: %s", i, err.text);
		cr_assert_null(release.tarball);
	}
}

Test(manifest, survives_every_truncation)
{
	static const char text[] = MANIFEST("\"1.0.0\"", ENTRY("1.0.0", "a"));

	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		struct release release = {0};
		struct error err;

		cr_assert_eq(manifest_find(text, length, NULL, &release, &err), -EINVAL, "%zu",
			     length);
	}
}
