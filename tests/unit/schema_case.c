/*
 * schema_case.c - schema_case.h: what is expected of every inspected database.
 */
#include "schema_case.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

#include "base/guard.h"

struct scratch scratch;
char *path;
struct error error;

static int64_t three[] = {1, 2, 3};
const struct ids schema_case_known = {.items = three, .count = 3};

void schema_case_begin(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "state.db");
	cr_assert_eq(chmod(scratch.path, 0755), 0);
}

void schema_case_end(void)
{
	(void)chmod(scratch.path, 0755);
	scratch_remove(&scratch);
	free(path);
}

int schema_case_inspect(const char *database, struct schema_state *ret)
{
	return schema_inspect(database, SCHEMA_RECORD, &schema_case_known, ret, &error);
}

void expect_class_at(const char *database, enum schema_class class)
{
	auto_schema struct schema_state state = {0};
	int r = schema_case_inspect(database, &state);

	cr_assert_eq(r, 0, "%d: %s", r, error.text);
	cr_assert_eq(state.class, class, "class %d", (int)state.class);
}

void expect_class(enum schema_class class)
{
	expect_class_at(path, class);
}

void expect_untouched(enum schema_class class)
{
	auto_free char *before = scratch_listing(scratch.path, NULL);

	expect_class(class);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
}

void expect_error(int code, const char *word)
{
	struct schema_state state = {0};
	auto_free char *before = scratch_listing(scratch.path, NULL);
	int r = schema_case_inspect(path, &state);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_eq(r, code, "%d: %s", r, error.text);
	cr_assert_eq(error.code, code);
	cr_assert_not_null(strstr(error.text, word), "%s", error.text);
	cr_assert_str_eq(after, before);
}
