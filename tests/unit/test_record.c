/*
 * test_record.c - what counts as a record of migrations, read through schema_inspect().
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "schema_case.h"

TestSuite(record, .init = schema_case_begin, .fini = schema_case_end);

Test(record, the_record_may_have_any_name)
{
	auto_schema struct schema_state state = {0};

	database_run(path, "CREATE TABLE \"it's \"\"my\"\" record; --\" (id INTEGER PRIMARY KEY);"
			   "INSERT INTO \"it's \"\"my\"\" record; --\" VALUES (1), (2), (3)");
	int r = schema_inspect(path, "it's \"my\" record; --", &schema_case_known, &state, &error);

	cr_assert_eq(r, 0, "%s", error.text);
	cr_assert_eq(state.class, SCHEMA_COMPATIBLE);
}

Test(record, the_record_is_found_whatever_its_case)
{
	database_run(path, "CREATE TABLE Schema_Migrations (ID INTEGER);"
			   "INSERT INTO Schema_Migrations VALUES (1), (2), (3)");
	expect_class(SCHEMA_COMPATIBLE);
}

/* The shape of the record */

Test(record, a_view_is_no_record)
{
	database_run(path, "CREATE VIEW schema_migrations AS SELECT 1 AS id");
	expect_error(-EINVAL, "view");
}

Test(record, a_virtual_table_is_no_record)
{
	database_run(path, "CREATE VIRTUAL TABLE schema_migrations USING fts5(id)");
	expect_error(-EINVAL, "virtual");
}

Test(record, a_table_without_an_id_is_no_record)
{
	database_run(path, "CREATE TABLE schema_migrations (version INTEGER)");
	expect_error(-EINVAL, "no column id");
}

Test(record, a_computed_id_is_no_record)
{
	database_run(path, "CREATE TABLE schema_migrations (x, id AS (x + 1));"
			   "INSERT INTO schema_migrations VALUES (0)");
	expect_error(-EINVAL, "no column id");
}

Test(record, an_id_may_be_text_of_digits)
{
	database_run(path, "CREATE TABLE schema_migrations (id TEXT);"
			   "INSERT INTO schema_migrations VALUES ('1'), ('2'), ('3')");
	expect_class(SCHEMA_COMPATIBLE);
}

struct bad_value {
	char sql[24];
	char told[24];
};

ParameterizedTestParameters(record, a_value_that_is_not_an_integer_is_told)
{
	static struct bad_value values[] = {
		{"'12abc'", "12abc"}, {"''", "\"\""},          {"NULL", "NULL"},
		{"1.5", "1.5"},       {"x'3132'", "blob"},     {"'-1'", "-1"},
		{"' 1'", "\" 1\""},   {"'1' || char(0)", "1"}, {"'9223372036854775808'", "922337"},
	};

	return cr_make_param_array(struct bad_value, values, sizeof(values) / sizeof(values[0]));
}

ParameterizedTest(struct bad_value *value, record, a_value_that_is_not_an_integer_is_told)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
		       "CREATE TABLE schema_migrations (id);"
		       "INSERT INTO schema_migrations VALUES (1), (%s)",
		       value->sql);
	database_run(path, sql);
	expect_error(-EINVAL, value->told);
	cr_assert_not_null(strstr(error.text, "not an integer"), "%s", error.text);
}

Test(record, an_id_told_twice_counts_once)
{
	auto_schema struct schema_state state = {0};

	database_run(path, "CREATE TABLE schema_migrations (id);"
			   "INSERT INTO schema_migrations VALUES (99), (2), (1), (99), (3)");
	cr_assert_eq(schema_case_inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.applied.count, 4);
	cr_assert_eq(state.unknown.count, 1);
}

Test(record, a_huge_id_is_read_exactly)
{
	auto_schema struct schema_state state = {0};

	database_run(path, RECORD_OF("1,2,3,4611686018427387905"));
	cr_assert_eq(schema_case_inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.unknown.items[0], INT64_C(4611686018427387905));
}

Test(record, a_hundred_thousand_ids_are_read)
{
	auto_schema struct schema_state state = {0};

	database_run(path, "CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY);"
			   "INSERT INTO schema_migrations SELECT value FROM " SERIES("100000"));
	cr_assert_eq(schema_case_inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.applied.count, 100000);
	cr_assert_eq(state.unknown.count, 99997);
}

Test(record, a_record_beyond_the_limit_is_an_error)
{
	database_run(path, "CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY);"
			   "INSERT INTO schema_migrations SELECT value FROM " SERIES("1000001"));
	expect_error(-E2BIG, "more than 1000000 rows");
}

Test(record, a_value_too_large_for_memory_is_an_error)
{
	database_run(path, "CREATE TABLE schema_migrations (id);"
			   "INSERT INTO schema_migrations VALUES (zeroblob(4194304))");
	expect_error(-EUCLEAN, "too big");
}
