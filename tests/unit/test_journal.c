/*
 * test_journal.c - what is written is read back, also by who opens it next; what is installed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "install/journal.h"
#include "support/scratch.h"

#define RUN   "20261122T163400Z-1a2b"
#define LATER "20261123T090000Z-3c4d"

static time_t fixed_time(void *data)
{
	(void)data;
	return 1795365240;
}

static struct scratch scratch;
static struct error err;
static struct clock fixed = {.source = fixed_time};
static struct journal *journal;
static struct artifact artifacts[2];

static void open_journal(void)
{
	cr_assert(journal_open(scratch.path, &fixed, &journal, &err) == 0, "%s", err.text);
}

static void set_up(void)
{
	scratch = scratch_make();
	artifacts[0] = (struct artifact){.install = scratch_path(&scratch, "bangerd")};
	artifacts[1] = (struct artifact){.install = scratch_path(&scratch, "banger")};
	scratch_write(artifacts[0].install, "daemon");
	scratch_write(artifacts[1].install, "command");
	open_journal();
}

static void tear_down(void)
{
	journal_close(&journal);
	artifact_finish(&artifacts[0]);
	artifact_finish(&artifacts[1]);
	scratch_remove(&scratch);
}

TestSuite(journal, .init = set_up, .fini = tear_down, .timeout = 60);

static void begin(const char *id)
{
	const struct journal_run run = {id, "banger", "update", "1.0.0", "2.0.0"};

	cr_assert(journal_begin(journal, &run, &err) == 0, "%s", err.text);
}

static void commit(const char *id)
{
	cr_assert(journal_commit(journal, id, "2.0.0", artifacts, 2, &err) == 0, "%s", err.text);
}

static int installed(char **version)
{
	return journal_installed(journal, artifacts, 2, version, &err);
}

static int append(void *data, const struct journal_event *event, struct error *error)
{
	struct buffer *text = data;

	(void)error;
	return buffer_add_format(text, "%d %s %s %s %s\n", (int)event->number, event->at,
				 event->phase, event->state, event->detail);
}

Test(journal, a_run_s_lines_come_back_in_order_after_it_was_opened_anew)
{
	auto_buffer struct buffer text = BUFFER_INIT(4096);

	begin(RUN);
	cr_assert(journal_note(journal, RUN, "swap", "intent", "bangerd", &err) == 0);
	cr_assert(journal_note(journal, RUN, "swap", "done", NULL, &err) == 0);
	journal_close(&journal);
	open_journal();
	cr_assert(journal_note(journal, RUN, "start", "intent", "it's \"quoted\"", &err) == 0);
	cr_assert(journal_events(journal, RUN, append, &text, &err) == 0, "%s", err.text);
	cr_assert_str_eq(buffer_text(&text), "1 2026-11-22T16:34:00Z swap intent bangerd\n"
					     "2 2026-11-22T16:34:00Z swap done \n"
					     "3 2026-11-22T16:34:00Z start intent it's "
					     "\"quoted\"\n");
}

Test(journal, a_reader_s_error_ends_the_reading)
{
	auto_buffer struct buffer small = BUFFER_INIT(60);

	begin(RUN);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert(journal_note(journal, RUN, "swap", "intent", "bangerd", &err) == 0);
	}
	cr_assert(journal_events(journal, RUN, append, &small, &err) == -E2BIG);
}

Test(journal, runs_are_listed_newest_first_with_their_ends)
{
	auto_journal_entries struct journal_entries entries = {0};

	begin(RUN);
	cr_assert(journal_end(journal, RUN, "refused", "a plugin said no", &err) == 0);
	begin(LATER);
	cr_assert(journal_runs(journal, 10, &entries, &err) == 0, "%s", err.text);
	cr_assert(entries.count == 2);
	cr_assert_str_eq(entries.items[0].id, LATER);
	cr_assert_str_eq(entries.items[0].ended_at, "");
	cr_assert_str_eq(entries.items[1].result, "refused");
	cr_assert_str_eq(entries.items[1].detail, "a plugin said no");
	cr_assert_str_eq(entries.items[1].from, "1.0.0");
	cr_assert_str_eq(entries.items[1].started_at, "2026-11-22T16:34:00Z");
	journal_entries_finish(&entries);
	cr_assert(journal_runs(journal, 1, &entries, &err) == 0);
	cr_assert(entries.count == 1);
}

Test(journal, a_run_that_was_killed_is_unfinished)
{
	auto_journal_entries struct journal_entries entries = {0};

	begin(RUN);
	begin(LATER);
	cr_assert(journal_end(journal, LATER, "updated", NULL, &err) == 0);
	cr_assert(journal_unfinished(journal, &entries, &err) == 0, "%s", err.text);
	cr_assert(entries.count == 1);
	cr_assert_str_eq(entries.items[0].id, RUN);
}

Test(journal, a_run_that_was_never_begun_cannot_be_written_to)
{
	cr_assert(journal_note(journal, RUN, "swap", "intent", NULL, &err) == -ENOENT);
	cr_assert(journal_end(journal, RUN, "updated", NULL, &err) == -ENOENT);
	cr_assert(journal_commit(journal, RUN, "2.0.0", artifacts, 2, &err) == -ENOENT);
	cr_assert_not_null(strstr(err.text, RUN), "%s", err.text);
}

Test(journal, the_same_run_cannot_begin_twice)
{
	const struct journal_run run = {RUN, "banger", "update", NULL, NULL};

	begin(RUN);
	cr_assert(journal_begin(journal, &run, &err) < 0);
}

Test(journal, nothing_is_installed_before_the_first_commit)
{
	char *version = NULL;

	begin(RUN);
	cr_assert(installed(&version) == -ENOENT);
	cr_assert_null(version);
}

Test(journal, what_was_committed_is_installed)
{
	auto_journal_entries struct journal_entries entries = {0};
	char *version = NULL;

	begin(RUN);
	commit(RUN);
	cr_assert(installed(&version) == 0, "%s", err.text);
	cr_assert_str_eq(version, "2.0.0");
	cr_assert(journal_runs(journal, 1, &entries, &err) == 0);
	cr_assert_str_eq(entries.items[0].committed_at, "2026-11-22T16:34:00Z");
	free(version);
}

Test(journal, a_file_that_was_changed_outside_is_named)
{
	char *version = NULL;

	begin(RUN);
	commit(RUN);
	scratch_write(artifacts[1].install, "tampers");
	cr_assert(installed(&version) == -ESTALE);
	cr_assert_not_null(strstr(err.text, artifacts[1].install), "%s", err.text);
	cr_assert(unlink(artifacts[1].install) == 0);
	cr_assert(installed(&version) == -ESTALE);
	cr_assert_not_null(strstr(err.text, "is gone"), "%s", err.text);
	cr_assert(symlink("bangerd", artifacts[1].install) == 0);
	cr_assert(installed(&version) == -ESTALE);
	cr_assert_null(version);
}

Test(journal, a_change_that_keeps_size_and_mtime_is_seen)
{
	struct stat st;
	char *version = NULL;

	begin(RUN);
	commit(RUN);
	cr_assert(stat(artifacts[0].install, &st) == 0);
	scratch_write(artifacts[0].install, "demons");
	const struct timespec times[2] = {st.st_atim, st.st_mtim};

	cr_assert(utimensat(AT_FDCWD, artifacts[0].install, times, 0) == 0);
	cr_assert(installed(&version) == -ESTALE);
}

Test(journal, the_same_content_in_another_file_is_the_same)
{
	char *version = NULL;
	char *copy = scratch_path(&scratch, "copy");

	begin(RUN);
	commit(RUN);
	scratch_write(copy, "daemon");
	cr_assert(rename(copy, artifacts[0].install) == 0);
	cr_assert(installed(&version) == 0, "%s", err.text);
	free(version);
	free(copy);
}

Test(journal, a_commit_that_cannot_be_recorded_changes_nothing)
{
	char *version = NULL;

	begin(RUN);
	commit(RUN);
	begin(LATER);
	char *missing = artifacts[1].install;

	artifacts[1].install = scratch_path(&scratch, "missing");
	cr_assert(journal_commit(journal, LATER, "3.0.0", artifacts, 2, &err) == -ENOENT);
	free(artifacts[1].install);
	artifacts[1].install = missing;
	cr_assert(installed(&version) == 0, "%s", err.text);
	cr_assert_str_eq(version, "2.0.0");
	free(version);
}

Test(journal, an_artifact_that_was_added_since_was_not_installed_by_us)
{
	char *version = NULL;

	begin(RUN);
	cr_assert(journal_commit(journal, RUN, "2.0.0", artifacts, 1, &err) == 0);
	cr_assert(installed(&version) == -ESTALE);
	cr_assert_not_null(strstr(err.text, artifacts[1].install), "%s", err.text);
}

static void execute(const char *sql)
{
	char *path = scratch_path(&scratch, "journal.db");
	sqlite3 *db = NULL;

	journal_close(&journal);
	cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
	cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert(sqlite3_close(db) == SQLITE_OK);
	free(path);
}

Test(journal, what_a_newer_updater_added_does_not_matter)
{
	begin(RUN);
	execute("ALTER TABLE run ADD COLUMN mood TEXT; CREATE TABLE weather (sky TEXT)");
	open_journal();
	cr_assert(journal_note(journal, RUN, "swap", "intent", NULL, &err) == 0, "%s", err.text);
}

Test(journal, a_journal_that_we_would_misread_is_refused)
{
	execute("UPDATE meta SET value = 2 WHERE key = 'min_reader'");
	cr_assert(journal_open(scratch.path, &fixed, &journal, &err) == -ENOTSUP);
	cr_assert_not_null(strstr(err.text, "newer updater"), "%s", err.text);
}

Test(journal, a_garbled_journal_is_an_error)
{
	char *path = scratch_path(&scratch, "journal.db");

	journal_close(&journal);
	scratch_write(path, "this has never been a database, whatever its name says, not at all");
	cr_assert(journal_open(scratch.path, &fixed, &journal, &err) < 0);
	cr_assert_not_null(strstr(err.text, path), "%s", err.text);
	free(path);
}

/* Somebody's file under each name that SQLite would use, and a name that leads to nowhere. */
Test(journal, what_is_planted_in_its_place_is_refused)
{
	static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm",
					    "journal.db-journal"};
	char *nowhere = scratch_path(&scratch, "nowhere");
	char *victim = scratch_path(&scratch, "victim");

	scratch_write(victim, "");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = scratch_path(&scratch, "%s", names[i]);

		journal_close(&journal);
		(void)unlink(path);
		cr_assert(symlink(nowhere, path) == 0);
		cr_assert(journal_open(scratch.path, NULL, &journal, &err) == -EINVAL, "%s", path);
		cr_assert_not_null(strstr(err.text, "is a symbolic link"), "%s", err.text);
		cr_assert(access(nowhere, F_OK) != 0, "%s was made", nowhere);
		cr_assert(unlink(path) == 0 && link(victim, path) == 0);
		cr_assert(journal_open(scratch.path, NULL, &journal, &err) == -EINVAL, "%s", path);
		cr_assert_not_null(strstr(err.text, "2 names"), "%s", err.text);
		cr_assert(journal_open_to_read(scratch.path, &journal, &err) == -EINVAL);
		cr_assert(unlink(path) == 0);
		open_journal();
		free(path);
	}
	char *content = scratch_read(victim);

	cr_assert_str_eq(content, "");
	free(content);
	free(victim);
	free(nowhere);
}

Test(journal, a_missing_state_directory_is_an_error)
{
	char *nowhere = scratch_path(&scratch, "nowhere");
	struct journal *other = NULL;

	cr_assert(journal_open(nowhere, NULL, &other, &err) < 0);
	cr_assert_null(other);
	free(nowhere);
}

Test(journal, a_run_may_turn_out_to_be_about_another_version)
{
	auto_journal_entries struct journal_entries entries = {0};

	begin(RUN);
	begin(LATER);
	cr_assert(journal_retarget(journal, RUN, "1.9.0", &err) == 0, "%s", err.text);
	cr_assert(journal_runs(journal, 2, &entries, &err) == 0, "%s", err.text);
	cr_assert_str_eq(entries.items[0].to, "2.0.0");
	cr_assert_str_eq(entries.items[1].to, "1.9.0");
	cr_assert(journal_retarget(journal, "20000101T000000Z-0000", "1.9.0", &err) == -ENOENT);
}
