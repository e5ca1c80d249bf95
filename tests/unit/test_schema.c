/*
 * test_schema.c - schema_inspect(): the right class for every state a database can be left in,
 * and no trace of having looked.
 */
#include "store/schema.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "database_fixture.h"
#include "support/scratch.h"

#define WAL "PRAGMA journal_mode=WAL; "

static struct scratch scratch;
static char *path;
static struct error error;

static void set_up(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "state.db");
	cr_assert_eq(chmod(scratch.path, 0755), 0);
}

static void tear_down(void)
{
	(void)chmod(scratch.path, 0755);
	scratch_remove(&scratch);
	free(path);
}

TestSuite(schema, .init = set_up, .fini = tear_down);

static int64_t three[] = {1, 2, 3};
static const struct ids known = {.items = three, .count = 3};

static int inspect(const char *database, struct schema_state *ret)
{
	return schema_inspect(database, SCHEMA_RECORD, &known, ret, &error);
}

static void expect_class_at(const char *database, enum schema_class class)
{
	auto_schema struct schema_state state = {0};
	int r = inspect(database, &state);

	cr_assert_eq(r, 0, "%d: %s", r, error.text);
	cr_assert_eq(state.class, class, "class %d", (int)state.class);
}

static void expect_class(enum schema_class class)
{
	expect_class_at(path, class);
}

/* As expect_class(), and nothing in the directory was touched. */
static void expect_untouched(enum schema_class class)
{
	auto_free char *before = scratch_listing(scratch.path, NULL);

	expect_class(class);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
}

/* An error with code and word, and nothing in the directory was touched. */
static void expect_error(int code, const char *word)
{
	struct schema_state state = {0};
	auto_free char *before = scratch_listing(scratch.path, NULL);
	int r = inspect(path, &state);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_eq(r, code, "%d: %s", r, error.text);
	cr_assert_eq(error.code, code);
	cr_assert_not_null(strstr(error.text, word), "%s", error.text);
	cr_assert_str_eq(after, before);
}

static void remove_beside(const char *suffix)
{
	auto_free char *name = scratch_path(&scratch, "state.db%s", suffix);

	cr_assert_eq(unlink(name), 0);
}

static bool exists_beside(const char *suffix)
{
	auto_free char *name = scratch_path(&scratch, "state.db%s", suffix);

	return scratch_exists(name);
}

/* The four classes of the runner */

Test(schema, fully_migrated_is_compatible)
{
	auto_schema struct schema_state state = {0};

	database_run(path, RECORD_OF("1,2,3"));
	cr_assert_eq(inspect(path, &state), 0, "%s", error.text);
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
	cr_assert_eq(inspect(path, &state), 0, "%s", error.text);
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
	cr_assert_eq(inspect(path, &state), 0, "%s", error.text);
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
	cr_assert_eq(inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.class, SCHEMA_NEEDED);
	cr_assert_eq(state.applied.count, 0);
	cr_assert_eq(state.pending.count, 3);
	expect_untouched(SCHEMA_NEEDED);
}

/* WAL: at rest, in use, and left by a crash */

Test(schema, a_wal_database_at_rest_is_read_without_a_trace)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	cr_assert_not(exists_beside("-wal"));
	expect_untouched(SCHEMA_COMPATIBLE);
}

Test(schema, an_empty_wal_left_beside_a_database_stays_as_it_is)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, WAL RECORD_OF("1"));
	scratch_write(wal, "");
	expect_untouched(SCHEMA_NEEDED);
}

Test(schema, an_empty_wal_beside_a_rollback_database_stays_as_it_is)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, RECORD_OF("1"));
	scratch_write(wal, "");
	expect_untouched(SCHEMA_NEEDED);
}

Test(schema, rows_that_are_only_in_the_wal_of_a_running_daemon_are_seen)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	pid_t daemon = database_hold(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	auto_free char *before = scratch_listing(scratch.path, "state.db-shm");

	expect_class(SCHEMA_INCOMPATIBLE);
	auto_free char *after = scratch_listing(scratch.path, "state.db-shm");

	cr_assert_str_eq(after, before);
	cr_assert(exists_beside("-shm"));
	database_kill(daemon);
}

Test(schema, rows_that_a_crash_left_in_the_wal_are_seen)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	cr_assert(exists_beside("-wal"));
	cr_assert(exists_beside("-shm"));
	expect_untouched(SCHEMA_INCOMPATIBLE);
}

Test(schema, rows_that_a_crash_left_in_the_wal_are_seen_without_the_shm)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	remove_beside("-shm");
	expect_untouched(SCHEMA_INCOMPATIBLE);
}

Test(schema, a_transaction_that_a_crash_cut_off_in_the_wal_is_not_seen)
{
	database_run(path, WAL RECORD_OF("1,2,3") "CREATE TABLE fill (x)");
	database_crash(path, "PRAGMA cache_size=1; BEGIN;"
			     "INSERT INTO schema_migrations VALUES (99, '', '');"
			     "INSERT INTO fill SELECT zeroblob(4096) FROM " SERIES("64"));
	expect_untouched(SCHEMA_COMPATIBLE);
}

Test(schema, a_wal_left_by_a_crash_reads_like_the_recovered_database)
{
	database_run(path, WAL RECORD_OF("1,2"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (3, '', '')");
	remove_beside("-shm");
	expect_untouched(SCHEMA_COMPATIBLE);
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 3);
}

/* An ordinary user in a directory that it cannot write */

static bool is_incompatible(const char *database)
{
	auto_schema struct schema_state state = {0};

	return inspect(database, &state) == 0 && state.class == SCHEMA_INCOMPATIBLE;
}

static void expect_incompatible_as_nobody(void)
{
	cr_assert_eq(chmod(path, 0444), 0);
	cr_assert_eq(chmod(scratch.path, 0555), 0);
	auto_free char *before = scratch_listing(scratch.path, "state.db-shm");

	cr_assert(passes_as_nobody(is_incompatible, path));
	auto_free char *after = scratch_listing(scratch.path, "state.db-shm");

	cr_assert_str_eq(after, before);
}

Test(schema, a_stranger_reads_a_wal_database_at_rest)
{
	database_run(path, WAL RECORD_OF("99"));
	expect_incompatible_as_nobody();
}

Test(schema, a_stranger_reads_a_wal_that_a_crash_left)
{
	database_run(path, WAL RECORD_OF("1"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	expect_incompatible_as_nobody();
}

Test(schema, a_stranger_reads_a_wal_that_a_crash_left_without_the_shm)
{
	database_run(path, WAL RECORD_OF("1"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	remove_beside("-shm");
	expect_incompatible_as_nobody();
}

Test(schema, a_stranger_reads_a_wal_in_use)
{
	database_run(path, WAL RECORD_OF("1"));
	pid_t daemon = database_hold(path, "INSERT INTO schema_migrations VALUES (99, '', '')");

	expect_incompatible_as_nobody();
	database_kill(daemon);
}

Test(schema, a_stranger_reads_a_wal_in_use_whose_shm_is_out_of_reach)
{
	auto_free char *shm = scratch_path(&scratch, "state.db-shm");

	database_run(path, WAL RECORD_OF("1"));
	pid_t daemon = database_hold(path, "INSERT INTO schema_migrations VALUES (99, '', '')");

	cr_assert_eq(chmod(shm, 0), 0);
	expect_incompatible_as_nobody();
	database_kill(daemon);
}

static bool is_forbidden(const char *database)
{
	struct schema_state state = {0};

	return inspect(database, &state) == -EACCES && strstr(error.text, "ermission") != NULL;
}

Test(schema, an_unreadable_database_is_an_error)
{
	database_run(path, RECORD_OF("1"));
	cr_assert_eq(chmod(path, 0), 0);
	cr_assert(passes_as_nobody(is_forbidden, path));
}

Test(schema, an_unreadable_wal_is_an_error)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_run(path, WAL RECORD_OF("1"));
	database_crash(path, "INSERT INTO schema_migrations VALUES (99, '', '')");
	cr_assert_eq(chmod(wal, 0), 0);
	cr_assert(passes_as_nobody(is_forbidden, path));
}

/* Rollback journals */

static const char spilling[] = "PRAGMA cache_size=1; BEGIN;"
			       "DELETE FROM schema_migrations;"
			       "INSERT INTO fill SELECT zeroblob(4096) FROM " SERIES("64");

static const char reserving[] =
	"BEGIN IMMEDIATE; INSERT INTO schema_migrations VALUES (99, '', '')";

Test(schema, a_hot_journal_needs_recovery)
{
	database_run(path, RECORD_OF("1,2,3") "CREATE TABLE fill (x)");
	database_crash(path, spilling);
	cr_assert(exists_beside("-journal"));
	expect_error(-ENOTRECOVERABLE, "start the daemon once");
}

Test(schema, a_hot_journal_beside_a_wal_database_needs_recovery)
{
	auto_free char *journal = scratch_path(&scratch, "state.db-journal");

	database_run(path, WAL RECORD_OF("1,2,3"));
	scratch_write(journal, "half a journal");
	expect_error(-ENOTRECOVERABLE, "start the daemon once");
}

Test(schema, a_finished_journal_that_was_kept_is_no_obstacle)
{
	database_run(path, "PRAGMA journal_mode=PERSIST;" RECORD_OF("1,2,3"));
	cr_assert(exists_beside("-journal"));
	expect_untouched(SCHEMA_COMPATIBLE);
}

Test(schema, a_writer_that_has_not_committed_is_not_seen)
{
	database_run(path, RECORD_OF("1,2,3"));
	pid_t writer = database_hold(path, reserving);

	expect_untouched(SCHEMA_COMPATIBLE);
	database_kill(writer);
}

Test(schema, a_database_locked_for_one_is_busy)
{
	database_run(path, RECORD_OF("1,2,3"));
	pid_t writer = database_hold(path, "BEGIN EXCLUSIVE");

	expect_error(-EBUSY, "locked");
	database_kill(writer);
}

Test(schema, a_wal_database_locked_for_one_is_busy)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	pid_t writer = database_hold(path, "PRAGMA locking_mode=EXCLUSIVE;"
					   "INSERT INTO schema_migrations VALUES (4, '', '')");

	cr_assert_not(exists_beside("-shm"));
	expect_error(-EBUSY, "locked");
	database_kill(writer);
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

/* Names */

Test(schema, no_character_of_a_path_has_a_meaning)
{
	static const char *const names[] = {
		"what?mode=rwc", "#1",	     "100%",	 "%41",	   "two words",
		"a&b=c",	 "quo\"te'", "\xc3\xa9", "file:x", ":memory:",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *name = scratch_path(&scratch, "%s", names[i]);

		/* Made under another name: sqlite3_open() would read some of these as URIs. */
		database_run(path, RECORD_OF("1,2,3"));
		cr_assert_eq(rename(path, name), 0);
		expect_class_at(name, SCHEMA_COMPATIBLE);
	}
}

Test(schema, a_path_may_begin_with_two_slashes)
{
	auto_free char *name = scratch_path(&scratch, "state.db");
	char twice[128];

	database_run(path, RECORD_OF("1,2,3"));
	(void)snprintf(twice, sizeof(twice), "/%s", name);
	expect_class_at(twice, SCHEMA_COMPATIBLE);
}

Test(schema, a_path_longer_than_sqlite_opens_is_an_error)
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
	cr_assert_eq(inspect(name, &state), -ENAMETOOLONG, "%s", error.text);
	cr_assert_not_null(strstr(error.text, "at most"), "%s", error.text);
}

Test(schema, the_record_may_have_any_name)
{
	auto_schema struct schema_state state = {0};

	database_run(path, "CREATE TABLE \"it's \"\"my\"\" record; --\" (id INTEGER PRIMARY KEY);"
			   "INSERT INTO \"it's \"\"my\"\" record; --\" VALUES (1), (2), (3)");
	int r = schema_inspect(path, "it's \"my\" record; --", &known, &state, &error);

	cr_assert_eq(r, 0, "%s", error.text);
	cr_assert_eq(state.class, SCHEMA_COMPATIBLE);
}

Test(schema, the_record_is_found_whatever_its_case)
{
	database_run(path, "CREATE TABLE Schema_Migrations (ID INTEGER);"
			   "INSERT INTO Schema_Migrations VALUES (1), (2), (3)");
	expect_class(SCHEMA_COMPATIBLE);
}

/* The shape of the record */

Test(schema, a_view_is_no_record)
{
	database_run(path, "CREATE VIEW schema_migrations AS SELECT 1 AS id");
	expect_error(-EINVAL, "view");
}

Test(schema, a_virtual_table_is_no_record)
{
	database_run(path, "CREATE VIRTUAL TABLE schema_migrations USING fts5(id)");
	expect_error(-EINVAL, "virtual");
}

Test(schema, a_table_without_an_id_is_no_record)
{
	database_run(path, "CREATE TABLE schema_migrations (version INTEGER)");
	expect_error(-EINVAL, "no column id");
}

Test(schema, a_computed_id_is_no_record)
{
	database_run(path, "CREATE TABLE schema_migrations (x, id AS (x + 1));"
			   "INSERT INTO schema_migrations VALUES (0)");
	expect_error(-EINVAL, "no column id");
}

Test(schema, an_id_may_be_text_of_digits)
{
	database_run(path, "CREATE TABLE schema_migrations (id TEXT);"
			   "INSERT INTO schema_migrations VALUES ('1'), ('2'), ('3')");
	expect_class(SCHEMA_COMPATIBLE);
}

struct bad_value {
	char sql[24];
	char told[24];
};

ParameterizedTestParameters(schema, a_value_that_is_not_an_integer_is_told)
{
	static struct bad_value values[] = {
		{"'12abc'", "12abc"}, {"''", "\"\""},	       {"NULL", "NULL"},
		{"1.5", "1.5"},	      {"x'3132'", "blob"},     {"'-1'", "-1"},
		{"' 1'", "\" 1\""},   {"'1' || char(0)", "1"}, {"'9223372036854775808'", "922337"},
	};

	return cr_make_param_array(struct bad_value, values, sizeof(values) / sizeof(values[0]));
}

ParameterizedTest(struct bad_value *value, schema, a_value_that_is_not_an_integer_is_told)
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

Test(schema, an_id_told_twice_counts_once)
{
	auto_schema struct schema_state state = {0};

	database_run(path, "CREATE TABLE schema_migrations (id);"
			   "INSERT INTO schema_migrations VALUES (99), (2), (1), (99), (3)");
	cr_assert_eq(inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.applied.count, 4);
	cr_assert_eq(state.unknown.count, 1);
}

Test(schema, a_huge_id_is_read_exactly)
{
	auto_schema struct schema_state state = {0};

	database_run(path, RECORD_OF("1,2,3,4611686018427387905"));
	cr_assert_eq(inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.unknown.items[0], INT64_C(4611686018427387905));
}

Test(schema, a_hundred_thousand_ids_are_read)
{
	auto_schema struct schema_state state = {0};

	database_run(path, "CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY);"
			   "INSERT INTO schema_migrations SELECT value FROM " SERIES("100000"));
	cr_assert_eq(inspect(path, &state), 0, "%s", error.text);
	cr_assert_eq(state.applied.count, 100000);
	cr_assert_eq(state.unknown.count, 99997);
}

Test(schema, a_record_beyond_the_limit_is_an_error)
{
	database_run(path, "CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY);"
			   "INSERT INTO schema_migrations SELECT value FROM " SERIES("1000001"));
	expect_error(-E2BIG, "more than 1000000 rows");
}

Test(schema, a_value_too_large_for_memory_is_an_error)
{
	database_run(path, "CREATE TABLE schema_migrations (id);"
			   "INSERT INTO schema_migrations VALUES (zeroblob(4194304))");
	expect_error(-EUCLEAN, "too big");
}

/* Under a writer that never pauses, every answer is one of its committed states. */

static void write_without_pause(void)
{
	for (int i = 0;; i++) {
		database_run(path, i % 2 == 0 ? "UPDATE schema_migrations SET id = id + 10"
					      : "UPDATE schema_migrations SET id = id - 10");
	}
}

static bool sees_whole_states(const char *database)
{
	int answers = 0;

	for (uint64_t end = clock_deadline(1500); clock_left(end) > 0;) {
		auto_schema struct schema_state state = {0};
		int r = inspect(database, &state);

		if (r == -EBUSY) {
			continue;
		}
		if (r < 0 || state.applied.count != 3 ||
		    state.applied.items[2] - state.applied.items[0] != 2) {
			return false;
		}
		answers++;
	}
	return answers > 0;
}

Test(schema, a_busy_writer_does_not_confuse)
{
	database_run(path, WAL RECORD_OF("1,2,3"));
	pid_t opener = database_hold(path, "SELECT count(*) FROM schema_migrations");
	pid_t writer = fork();

	if (writer == 0) {
		alarm(60);
		write_without_pause();
	}
	bool whole = sees_whole_states(path);

	database_kill(writer);
	database_kill(opener);
	cr_assert(whole, "%s", error.text);
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
