/*
 * test_look.c - an answer from a database nobody locked counts only if nobody wrote meanwhile.
 */
#include "store/look.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "database_fixture.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *path;
static struct error error;

/* Long enough ago that a write would show. */
static void make_old(const char *name)
{
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	cr_assert_eq(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void set_up(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "state.db");
	database_run(path, "PRAGMA journal_mode=WAL;" RECORD_OF("1"));
	make_old(path);
}

static void tear_down(void)
{
	scratch_remove(&scratch);
	free(path);
}

TestSuite(look, .init = set_up, .fini = tear_down);

static void expect_confirmed(const struct look *look, int code)
{
	cr_assert_eq(look_confirm(look, &error), code, "%s", error.text);
}

Test(look, an_old_database_at_rest_is_confirmed)
{
	auto_look struct look look = LOOK_INIT;

	cr_assert_eq(look_open(path, &look, &error), 0, "%s", error.text);
	expect_confirmed(&look, 0);
}

Test(look, a_database_written_meanwhile_is_not)
{
	auto_look struct look look = LOOK_INIT;

	cr_assert_eq(look_open(path, &look, &error), 0, "%s", error.text);
	cr_assert_eq(truncate(path, 65536), 0);
	make_old(path);
	expect_confirmed(&look, -EAGAIN);
}

Test(look, a_wal_written_meanwhile_is_not)
{
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	database_crash(path, "INSERT INTO schema_migrations VALUES (2, '', '')");
	make_old(path);
	make_old(wal);
	auto_look struct look look = LOOK_INIT;

	cr_assert_eq(look_open(path, &look, &error), 0, "%s", error.text);
	expect_confirmed(&look, 0);
	cr_assert_eq(utimensat(AT_FDCWD, wal, NULL, 0), 0);
	expect_confirmed(&look, -EAGAIN);
}

Test(look, a_database_that_somebody_opened_meanwhile_is_not)
{
	auto_look struct look look = LOOK_INIT;

	cr_assert_eq(look_open(path, &look, &error), 0, "%s", error.text);
	pid_t daemon = database_hold(path, "SELECT * FROM schema_migrations");

	expect_confirmed(&look, -EAGAIN);
	database_kill(daemon);
}

Test(look, a_database_replaced_meanwhile_is_not)
{
	auto_look struct look look = LOOK_INIT;
	auto_free char *other = scratch_path(&scratch, "other.db");

	cr_assert_eq(look_open(path, &look, &error), 0, "%s", error.text);
	database_run(other, RECORD_OF("1"));
	cr_assert_eq(rename(other, path), 0);
	expect_confirmed(&look, -EAGAIN);
}

Test(look, a_database_written_just_before_is_not)
{
	enum {
		TRIES = 100
	};
	bool doubted = false;

	/* Within 20 ms of the write; one slow round proves nothing. */
	for (int i = 0; i < TRIES && !doubted; i++) {
		auto_look struct look look = LOOK_INIT;

		cr_assert_eq(utimensat(AT_FDCWD, path, NULL, 0), 0);
		cr_assert_eq(look_open(path, &look, &error), 0, "%s", error.text);
		doubted = look_confirm(&look, &error) == -EAGAIN;
	}
	cr_assert(doubted);
}
