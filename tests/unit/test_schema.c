/*
 * test_schema.c - schema_inspect(): the right class for a database, an error for what is none, and
 * no trace of having looked.
 */
#include "store/schema.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "schema_case.h"

TestSuite(schema, .init = schema_case_begin, .fini = schema_case_end);

/* The four classes of the runner */

Test(schema, fully_migrated_is_compatible)
{
	auto_schema struct schema_state state = {0};

	database_run(path, RECORD_OF("1,2,3"));
	cr_assert_eq(schema_case_inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.class, SCHEMA_COMPATIBLE);
	cr_assert_eq(state.applied.count, 3);
	cr_assert_eq(state.pending.count, 0);
	cr_assert_eq(state.unknown.count, 0);
	cr_assert_eq(state.known_max, 3);
	expect_untouched(SCHEMA_COMPATIBLE);
}

Test(schema, only_the_baseline_needs_the_rest)
{
	auto_schema struct schema_state state = {0};

	database_run(path, RECORD_OF("1"));
	cr_assert_eq(schema_case_inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.class, SCHEMA_NEEDED);
	cr_assert_eq(state.pending.count, 2);
	cr_assert_eq(state.pending.items[0], 2);
	cr_assert_eq(state.pending.items[1], 3);
	expect_untouched(SCHEMA_NEEDED);
}

Test(schema, an_unknown_migration_is_incompatible_even_when_others_are_pending)
{
	auto_schema struct schema_state state = {0};

	database_run(path, RECORD_OF("1,99"));
	cr_assert_eq(schema_case_inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.class, SCHEMA_INCOMPATIBLE);
	cr_assert_eq(state.unknown.count, 1);
	cr_assert_eq(state.unknown.items[0], 99);
	cr_assert_eq(state.pending.count, 2);
	expect_untouched(SCHEMA_INCOMPATIBLE);
}

Test(schema, without_the_table_all_are_pending)
{
	auto_schema struct schema_state state = {0};

	database_run(path, "CREATE TABLE other (x)");
	cr_assert_eq(schema_case_inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.class, SCHEMA_NEEDED);
	cr_assert_eq(state.applied.count, 0);
	cr_assert_eq(state.pending.count, 3);
	expect_untouched(SCHEMA_NEEDED);
}

/* What is no database */

Test(schema, a_missing_file_is_an_error)
{
	expect_error(-ENOENT, "state.db");
}

Test(schema, an_empty_file_is_a_database_without_migrations)
{
	scratch_write(path, "");
	expect_untouched(SCHEMA_NEEDED);
}

Test(schema, an_empty_file_beside_a_full_wal_is_damage)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	scratch_write(path, "");
	scratch_write(wal, "frames");
	expect_error(-EUCLEAN, "truncated or replaced");
}

Test(schema, an_empty_file_beside_a_journal_needs_recovery)
{
	auto_free char *journal = scratch_path(&scratch, "state.db-journal");

	scratch_write(path, "");
	scratch_write(journal, "journal");
	expect_error(-ENOTRECOVERABLE, "needs recovery");
}

Test(schema, garbage_is_an_error)
{
	scratch_write(path, "this is certainly not a database, however long one looks at it; "
			    "it is a sentence, and then some more of the same sentence");
	expect_error(-EUCLEAN, "not a database");
}

Test(schema, a_torn_header_is_an_error)
{
	scratch_write(path, "SQLite format 3");
	expect_error(-EUCLEAN, "not a database");
}

Test(schema, a_truncated_database_is_an_error)
{
	database_run(path,
		     "CREATE TABLE fill (x); INSERT INTO fill SELECT zeroblob(4096) FROM " SERIES(
			     "64") ";" RECORD_OF("1,2,3"));
	cr_assert_eq(truncate(path, 8192), 0);
	expect_error(-EUCLEAN, "malformed");
}

Test(schema, a_directory_is_an_error)
{
	scratch_directory(path);
	expect_error(-EISDIR, "not a regular file");
}

Test(schema, a_fifo_is_an_error_and_does_not_hang)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	expect_error(-EINVAL, "not a regular file");
}

Test(schema, a_fifo_in_place_of_the_wal_is_an_error_and_does_not_hang)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, WAL RECORD_OF("1"));
	cr_assert_eq(mkfifo(wal, 0600), 0);
	expect_error(-EINVAL, "not a regular file");
}

Test(schema, a_symbolic_link_is_an_error)
{
	auto_free char *real = scratch_path(&scratch, "real.db");

	database_run(real, RECORD_OF("1"));
	cr_assert_eq(symlink(real, path), 0);
	expect_error(-ELOOP, "symbolic link");
}

/* The comparison alone */

Test(schema, nothing_known_and_nothing_applied_is_compatible)
{
	static const struct ids none = {0};
	auto_schema struct schema_state state = {0};

	cr_assert_eq(schema_classify(&none, &none, &state), 0);
	cr_assert_eq(state.class, SCHEMA_COMPATIBLE);
	cr_assert_eq(state.known_max, 0);
}

Test(schema, a_million_ids_in_the_worst_order_are_compared_within_a_second)
{
	auto_ids struct ids falling = {0};
	auto_ids struct ids rising = {0};
	auto_schema struct schema_state state = {0};

	for (int64_t id = 1; id <= 1000000; id++) {
		cr_assert_eq(ids_add(&rising, id), 0);
		cr_assert_eq(ids_add(&falling, 1000001 - id), 0);
	}
	uint64_t start = clock_monotonic_ms();

	cr_assert_eq(schema_classify(&falling, &rising, &state), 0);
	cr_assert_lt(clock_monotonic_ms() - start, 1000);
	cr_assert_eq(state.class, SCHEMA_COMPATIBLE);
	cr_assert_eq(state.applied.items[0], 1);
}
