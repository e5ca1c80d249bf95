/*
 * test_snapshot_harm.c - holds that would harm a daemon are let go, and holds that were harmed
 * count for nothing.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "snapshot_case.h"
#include "writer_case.h"

#define WAL "PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 60000;"

/* Far less than a daemon would wait for us that we did not let go for. */
#define AT_ONCE_MS 20000
#define WAIT_MS    30000

TestSuite(snapshot_harm, .init = set_up_rows, .fini = tear_down, .timeout = 110);

/* The children of a process, oldest first: a keeper's are its holder and its copier. */
static size_t children_of(pid_t pid, pid_t *ret, size_t most)
{
	char path[64];
	size_t count = 0;
	int one = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *list = fopen(path, "re");

	if (list == NULL) {
		return 0;
	}
	while (count < most && fscanf(list, "%d", &one) == 1) {
		ret[count++] = one;
	}
	(void)fclose(list);
	return count;
}

struct family {
	pid_t keeper;
	pid_t holder;
	pid_t copier;
};

/* The keeper is the newest child of a process. */
static struct family find_family(pid_t parent)
{
	struct family family = {0};
	pid_t pids[8];
	size_t count = children_of(parent, pids, 8);

	cr_assert(count > 0);
	family.keeper = pids[count - 1];
	cr_assert_eq(children_of(family.keeper, pids, 8), 2);
	family.holder = pids[0];
	family.copier = pids[1];
	return family;
}

static void wait_for_death(pid_t pid)
{
	char path[64];
	char state = ' ';

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < WAIT_MS && state != 'Z'; i++) {
		FILE *stat = fopen(path, "re");

		if (stat == NULL) {
			return;
		}
		if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1) {
			state = 'Z';
		}
		(void)fclose(stat);
		(void)poll(NULL, 0, 1);
	}
	cr_assert(state == 'Z', "process %d lives on", pid);
}

Test(snapshot_harm, a_checkpoint_that_waits_for_us_is_let_through)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	cr_assert(writer_run(&writer, ONE_ROW) == 0);
	begin_snapshot();
	expect_way(LIVE);
	cr_assert(writer_run(&writer, ONE_ROW) == 0);
	uint64_t before = clock_monotonic_ms();

	cr_assert(writer_run(&writer, "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
	cr_assert(clock_monotonic_ms() - before < AT_ONCE_MS, "it waited for its whole timeout");
	cr_assert(writer_run(&writer, ONE_ROW) == 0);
	(void)writer_stop(&writer);
	complete_snapshot();
	expect_way("a checkpoint of its daemon waited");
	cr_assert_eq(rows(snapshot.path), 3003);
}

Test(snapshot_harm, a_stop_that_ends_in_a_checkpoint_is_not_held_up)
{
	struct writer writer = writer_start(database.path, WAL, NULL);

	begin_snapshot();
	uint64_t before = clock_monotonic_ms();

	writer_tell(&writer, ONE_ROW "; PRAGMA wal_checkpoint(RESTART)");
	(void)writer_stop(&writer);
	cr_assert(clock_monotonic_ms() - before < AT_ONCE_MS, "it waited for its whole timeout");
	complete_snapshot();
	cr_assert_eq(rows(snapshot.path), 3001);
}

Test(snapshot_harm, a_wal_that_grows_too_large_is_let_go)
{
	struct writer writer =
		writer_start(database.path,
			     WAL "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000", NULL);

	begin_snapshot();
	expect_way(LIVE);
	cr_assert(writer_run(&writer, "INSERT INTO rows (pad) VALUES (zeroblob(140000000))") == 0);
	/* It would wait for us, had we not let go: longer than this test may take. */
	cr_assert(writer_run(&writer, "PRAGMA busy_timeout = 200000; "
				      "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
	(void)writer_stop(&writer);
	complete_snapshot();
	expect_way("grew too large");
	cr_assert_eq(rows(snapshot.path), rows(database.path));
}

Test(snapshot_harm, a_database_that_was_replaced_is_copied_as_it_is_now)
{
	char *other = scratch_path(&scratch, "var lib/new.db");

	begin_snapshot();
	expect_way(LIVE);
	run_sql(other, "PRAGMA journal_mode = WAL;" OLD_SCHEMA ROWS_TABLE ROWS(7));
	cr_assert(rename(other, database.path) == 0);
	complete_snapshot();
	expect_way("replaced");
	cr_assert_eq(rows(snapshot.path), 7);
	free(other);
}

Test(snapshot_harm, a_killed_holder_costs_the_hold_alone)
{
	struct writer writer = writer_start(database.path, WAL, ONE_ROW);

	begin_snapshot();
	expect_way(LIVE);
	cr_assert(kill(find_family(getpid()).holder, SIGKILL) == 0);
	writer_wait(&writer, 20);
	cr_assert(writer_run(&writer, "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
	int written = (int)writer_stop(&writer);

	complete_snapshot();
	expect_way("died");
	cr_assert_eq(rows(snapshot.path), 3000 + written);
}

/* The updater ignores SIGALRM, and the one child that outlives its keeper is bounded by it. */
Test(snapshot_harm, a_holder_s_own_time_ends_it_whatever_the_updater_ignores)
{
	sigset_t alarms;

	cr_assert(sigemptyset(&alarms) == 0 && sigaddset(&alarms, SIGALRM) == 0);
	cr_assert(signal(SIGALRM, SIG_IGN) != SIG_ERR);
	cr_assert(sigprocmask(SIG_BLOCK, &alarms, NULL) == 0);
	begin_snapshot();
	pid_t holder = find_family(getpid()).holder;

	cr_assert(kill(holder, SIGALRM) == 0);
	wait_for_death(holder);
	complete_snapshot();
	expect_way("compared after it");
}

Test(snapshot_harm, a_killed_copier_costs_a_comparison)
{
	struct writer writer = writer_start(database.path, WAL, ONE_ROW);

	begin_snapshot();
	cr_assert(kill(find_family(getpid()).copier, SIGKILL) == 0);
	writer_wait(&writer, 20);
	int written = (int)writer_stop(&writer);

	complete_snapshot();
	expect_way("died");
	cr_assert_eq(rows(snapshot.path), 3000 + written);
}

/* Kills the checker as soon as there is one: the second child of our brother, the keeper. */
static pid_t kill_a_checker(void)
{
	pid_t parent = getpid();
	pid_t killer = fork();

	if (killer == 0) {
		pid_t pids[8];
		pid_t children[8];

		(void)alarm(WAIT_MS / 1000);
		for (;;) {
			size_t count = children_of(parent, pids, 8);

			if (count > 1 && pids[count - 1] != getpid() &&
			    children_of(pids[count - 1], children, 8) > 1) {
				_exit(kill(children[1], SIGKILL) == 0 ? 0 : 1);
			}
		}
	}
	return killer;
}

/* What an update that was not checked before the stop comes to. */
static int complete_damaged(void)
{
	pid_t killer = kill_a_checker();
	char garbage[4096];
	char sound[4096];

	begin_snapshot();
	expect_way(LIVE);
	cr_assert(waitpid(killer, NULL, 0) == killer);
	int fd = open(database.path, O_RDWR | O_CLOEXEC);

	memset(garbage, 0xee, sizeof(garbage));
	cr_assert(fd >= 0 && pread(fd, sound, sizeof(sound), 300 * 4096) == sizeof(sound));
	cr_assert(pwrite(fd, garbage, sizeof(garbage), 300 * 4096) == sizeof(garbage));
	int rc = snapshot_complete(&held, &snapshot, &err);

	cr_assert(pwrite(fd, sound, sizeof(sound), 300 * 4096) == sizeof(sound));
	(void)close(fd);
	snapshot_finish(&snapshot);
	return rc;
}

/* It may have been done before it was killed; hardly every time. */
Test(snapshot_harm, a_killed_checker_is_made_up_for_after_the_stop)
{
	int rc = 0;

	run_sql(database.path, ROWS(20000));
	for (int i = 0; rc == 0 && i < 10; i++) {
		rc = complete_damaged();
	}
	cr_assert_eq(rc, -EUCLEAN, "%s", rc == 0 ? "nobody checked it" : err.text);
}

Test(snapshot_harm, a_killed_keeper_is_an_error_and_leaves_nothing)
{
	struct writer writer = writer_start(database.path, WAL, ONE_ROW);

	begin_snapshot();
	struct family family = find_family(getpid());

	cr_assert(kill(family.keeper, SIGKILL) == 0);
	wait_for_death(family.holder);
	wait_for_death(family.copier);
	int written = (int)writer_stop(&writer);

	cr_assert(snapshot_complete(&held, &snapshot, &err) == -ECHILD);
	expect_nothing_left();
	cr_assert_eq(rows(database.path), 3000 + written);
}

Test(snapshot_harm, a_killed_updater_leaves_nobody_and_what_it_made_is_discarded)
{
	struct writer writer = writer_start(database.path, WAL, ONE_ROW);
	int ready[2];
	char byte;

	cr_assert(pipe(ready) == 0);
	pid_t updater = fork();

	if (updater == 0) {
		int rc = snapshot_begin(&database, RUN, &held, &err);

		(void)!write(ready[1], rc == 0 ? "+" : "-", 1);
		for (;;) {
			(void)pause();
		}
	}
	cr_assert(read(ready[0], &byte, 1) == 1 && byte == '+');
	struct family family = find_family(updater);

	cr_assert(kill(updater, SIGKILL) == 0 && waitpid(updater, NULL, 0) == updater);
	wait_for_death(family.keeper);
	wait_for_death(family.holder);
	wait_for_death(family.copier);
	cr_assert(writer_run(&writer, "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
	cr_assert(snapshot_discard(&database, RUN, &err) == 0, "%s", err.text);
	expect_nothing_left();
	cr_assert(snapshot_discard(&database, RUN, &err) == 0, "%s", err.text);
	int written = (int)writer_stop(&writer);

	cr_assert_eq(rows(database.path), 3000 + written);
}
