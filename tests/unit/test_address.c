/*
 * test_address.c - no character of a path has a meaning, read through schema_inspect().
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "schema_case.h"

TestSuite(address, .init = schema_case_begin, .fini = schema_case_end);

Test(address, no_character_of_a_path_has_a_meaning)
{
	static const char *const names[] = {
		"what?mode=rwc", "#1",       "100%",     "%41",    "two words",
		"a&b=c",         "quo\"te'", "\xc3\xa9", "file:x", ":memory:",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *name = scratch_path(&scratch, "%s", names[i]);

		/* Made under another name: sqlite3_open() would read some of these as URIs. */
		database_run(path, RECORD_OF("1,2,3"));
		cr_assert_eq(rename(path, name), 0);
		expect_class_at(name, SCHEMA_COMPATIBLE);
	}
}

Test(address, a_path_may_begin_with_two_slashes)
{
	auto_free char *name = scratch_path(&scratch, "state.db");
	char twice[128];

	database_run(path, RECORD_OF("1,2,3"));
	(void)snprintf(twice, sizeof(twice), "/%s", name);
	expect_class_at(twice, SCHEMA_COMPATIBLE);
}

Test(address, a_path_longer_than_sqlite_opens_is_an_error)
{
	char segment[256];
	char *deep = strdup(scratch.path);

	memset(segment, 'd', 255);
	segment[255] = '\0';
	for (int i = 0; i < 15; i++) {
		char *next = NULL;

		cr_assert_geq(asprintf(&next, "%s/%s", deep, segment), 0);
		free(deep);
		deep = next;
		scratch_directory(deep);
	}
	auto_free char *name = NULL;
	struct schema_state state = {0};

	cr_assert_geq(asprintf(&name, "%s/x", deep), 0);
	free(deep);
	scratch_write(name, "not empty, so that SQLite would be asked");
	cr_assert_eq(schema_case_inspect(name, &state), -ENAMETOOLONG, "%s", error.text);
	cr_assert_not_null(strstr(error.text, "at most"), "%s", error.text);
}
