/*
 * test_release_json.c - release.json: about this release and nothing unknown that matters.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "release/release_json.h"

#define HEAD "{\"schema_version\":1,\"product\":\"banger\",\"version\":\"1.1.0\""

static int parse(const char *text, struct release *release, struct error *err)
{
	struct version version;

	cr_assert_eq(version_parse("1.1.0", &version, err), 0);
	return release_json_parse(text, strlen(text), "banger", &version, release, err);
}

Test(release_json, lists_each_databases_migrations_in_order)
{
	struct release release = {0};
	struct error err = {0};

	cr_assert_eq(parse(HEAD ",\"migrations\":{\"state\":[3,1,2,9223372036854775807],"
				"\"images\":[]},\"mood\":7}",
			   &release, &err),
		     0, "%s", err.text);
	cr_assert_eq(release.migration_count, 2);
	cr_assert_str_eq(release.migrations[0].database, "state");
	cr_assert_eq(release.migrations[0].known.count, 4);
	cr_assert_eq(release.migrations[0].known.items[0], 1);
	cr_assert_eq(release.migrations[0].known.items[2], 3);
	cr_assert_eq(release.migrations[0].known.items[3], INT64_MAX);
	cr_assert_str_eq(release.migrations[1].database, "images");
	cr_assert_eq(release.migrations[1].known.count, 0);
	release_finish(&release);
}

Test(release_json, needs_no_migrations)
{
	static const char *const good[] = {
		HEAD "}",
		HEAD ",\"migrations\":{}}",
		HEAD ",\"critical\":[]}",
		HEAD ",\"critical\":[\"migrations\",\"version\"]}",
		"{\"schema_version\":1,\"product\":\"banger\",\"version\":\"v1.1.0\"}",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct release release = {0};
		struct error err = {0};

		cr_assert_eq(parse(good[i], &release, &err), 0, "%zu: %s", i, err.text);
		cr_assert_eq(release.migration_count, 0);
		release_finish(&release);
	}
}

static const struct {
	const char *text;
	const char *why;
} bad[] = {
	{"", "line 1"},
	{"[]", "object"},
	{"{\"product\":\"banger\",\"version\":\"1.1.0\"}", "schema_version"},
	{"{\"schema_version\":2}", "update banger-update"},
	{"{\"schema_version\":1,\"product\":\"other\",\"version\":\"1.1.0\"}", "'other'"},
	{"{\"schema_version\":1,\"version\":\"1.1.0\"}", "product"},
	{"{\"schema_version\":1,\"product\":\"banger\"}", "version"},
	{"{\"schema_version\":1,\"product\":\"banger\",\"version\":\"1.0.0\"}", "'1.0.0'"},
	{"{\"schema_version\":1,\"product\":\"banger\",\"version\":\"1.1.0+1\"}", "1.1.0+1"},
	{"{\"schema_version\":1,\"product\":\"banger\",\"version\":1}", "version"},
	{HEAD ",\"version\":\"1.0.0\"}", "duplicate"},
	{HEAD ",\"critical\":\"x\"}", "critical"},
	{HEAD ",\"critical\":[1]}", "critical"},
	{HEAD ",\"critical\":[\"mood\"],\"mood\":7}", "'mood'"},
	{HEAD ",\"migrations\":[1]}", "object"},
	{HEAD ",\"migrations\":null}", "object"},
	{HEAD ",\"migrations\":{\"state\":1}}", "list"},
	{HEAD ",\"migrations\":{\"state\":[0]}}", "positive"},
	{HEAD ",\"migrations\":{\"state\":[-1]}}", "positive"},
	{HEAD ",\"migrations\":{\"state\":[1.0]}}", "positive"},
	{HEAD ",\"migrations\":{\"state\":[\"1\"]}}", "positive"},
	{HEAD ",\"migrations\":{\"state\":[true]}}", "positive"},
	{HEAD ",\"migrations\":{\"state\":[9223372036854775808]}}", "line 1"},
	{HEAD ",\"migrations\":{\"state\":[2,1,2]}}", "twice"},
	{HEAD ",\"migrations\":{\"state\":[1],\"state\":[1]}}", "duplicate"},
	{HEAD ",\"migrations\":{\"\":[1]}}", "without a name"},
	{HEAD ",\"migrations\":{\"state\":[1],\"images\":7}}", "images"},
};

Test(release_json, refuses_what_is_not_about_this_release)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct release release = {0};
		struct error err = {0};

		cr_assert_eq(parse(bad[i].text, &release, &err), -EBADMSG, "%zu: %s", i, err.text);
		cr_assert(strstr(err.text, bad[i].why) != NULL, "%zu: %s", i, err.text);
		cr_assert_eq(release.migration_count, 0);
		cr_assert_null(release.migrations);
	}
}
