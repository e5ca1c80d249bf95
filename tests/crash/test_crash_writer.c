/*
 * test_crash_writer.c - updates, failed updates and rollbacks one after the other, while a client
 * has rows stored: every row that was acknowledged is in the live database or in one that was set
 * aside and named. And however often it is done, nothing grows.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "crash/sweep.h"
#include "crash/writer.h"
#include "flow/expect.h"
#include "flow/world_parts.h"

#define SHORT_ROUNDS    4 /* of an update, a failed one and a rollback each */
#define LONG_ROUNDS     100
#define SHORT_REPEATS   6
#define LONG_REPEATS    100
#define WARM_UP         3 /* until as many snapshots lie there as are kept */
#define ROWS_BETWEEN    3
#define JOURNAL_PER_RUN (32L * 1024)

static struct world world;
static struct ground ground;
static struct writer writer;

static void finish(void)
{
	writer_finish(&writer);
	ground_finish(&ground);
	if (world.bin != NULL) {
		world_finish(&world);
	}
}

TestSuite(writer, .fini = finish);

static size_t count_named(const char *text)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, "state.db.failed-")) != NULL; at++) {
		count++;
	}
	return count;
}

/* Runs line; every database that it set aside is named by what it says. */
static void step(const char *line, int exit_code)
{
	size_t before = world_failed_copies(&world);

	writer_await(&writer, ROWS_BETWEEN);
	struct outcome outcome = world_update(&world, line);
	size_t kept = world_failed_copies(&world) - before;

	cr_assert_eq(outcome.exit_code, exit_code, "'%s' exits with %d: %s%s", line,
		     outcome.exit_code, outcome.output, outcome.errors);
	cr_assert(count_named(outcome.errors) + count_named(outcome.output) >= kept,
		  "%zu databases were set aside and not named: %s%s", kept, outcome.output,
		  outcome.errors);
	outcome_free(&outcome);
	struct whereabouts found = writer_find(&writer);

	cr_assert_eq(found.lost, 0, "after '%s' %lu acknowledged rows are lost", line, found.lost);
}

/* Every release is a new one: a failed one is not tried twice. */
static void publish(int round, int minor, size_t migrations, const char *behaviour)
{
	char version[32];

	(void)snprintf(version, sizeof(version), "0.%d.%d", minor, round);
	publish_release(&world, version, migrations, behaviour);
}

Test(writer, no_acknowledged_row_is_lost)
{
	int rounds = sweep_is_long() ? LONG_ROUNDS : SHORT_ROUNDS;

	world = world_make(
		&(struct world_options){.parent = ground_place(),
					.behaviour = "stores",
					.health_keys = "timeout = 300ms\nsettle = 10ms"});
	writer = writer_start(&world);
	for (int i = 0; i < rounds; i++) {
		publish(i, 2, 3, "stores");
		step("--waive packages", 0);
		publish(i, 3, 4, "stores-and-unhealthy");
		step("--waive packages", 4);
		step("rollback --waive packages --yes --with-database", 0);
	}
	unsigned long acknowledged = writer_acknowledged(&writer);

	writer_stop(&writer);
	struct whereabouts found = writer_find(&writer);

	(void)fprintf(stderr,
		      "writer: %d updates, failed updates and rollbacks each: %lu rows "
		      "acknowledged, %lu live, %lu set aside, %lu lost\n",
		      rounds, acknowledged, found.live, found.aside, found.lost);
	cr_assert_gt(acknowledged, 0);
	cr_assert_gt(found.aside, 0, "a rollback that gives up no row shows nothing");
}

static long journal_size(void)
{
	static const char *const names[] = {"journal.db", "journal.db-wal"};
	long size = 0;

	for (size_t i = 0; i < 2; i++) {
		char *path = path_join(ground.world.state, names[i]);
		struct stat st;

		size += stat(path, &st) == 0 ? (long)st.st_size : 0;
		free(path);
	}
	return size;
}

/* What is kept for good does not count. */
static size_t count_files(void)
{
	char *host = scratch_path(&ground.world.scratch, "host");
	char *listing = scratch_listing(host, NULL);
	size_t count = 0;

	for (char *line = strtok(listing, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		count += strstr(line, "state.db.failed-") == NULL;
	}
	free(listing);
	free(host);
	return count;
}

Test(writer, again_and_again_nothing_grows)
{
	int repeats = sweep_is_long() ? LONG_REPEATS : SHORT_REPEATS;
	struct buffer complaints = BUFFER_INIT((size_t)1 << 20);
	size_t files = 0;
	long journal = 0;

	ground_make(&ground, FIRST_UPDATE, NULL);
	ground_reset(&ground);
	for (int i = 0; i < repeats; i++) {
		if (i == WARM_UP) {
			files = count_files();
			journal = journal_size();
		}
		expect_exit(&ground.world, "--waive packages --to 0.2.0", 0, NULL);
		expect_exit(&ground.world, "rollback --waive packages --yes --with-database", 0,
			    NULL);
	}
	long runs = 2L * (repeats - WARM_UP);
	long grown = (journal_size() - journal) / runs;

	(void)fprintf(stderr,
		      "again: %d updates and rollbacks: %zu files, then %zu; the journal grew by "
		      "%ld bytes a run\n",
		      repeats, files, count_files(), grown);
	cr_assert_eq(ground_look(&ground, &complaints), END_OLD);
	ground_look_for_leftovers(&ground, &complaints);
	cr_assert_eq(complaints.length, 0, "%s", buffer_text(&complaints));
	cr_assert_leq(count_files(), files);
	cr_assert_lt(grown, JOURNAL_PER_RUN);
	buffer_finish(&complaints);
}
