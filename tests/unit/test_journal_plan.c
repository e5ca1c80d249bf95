/*
 * test_journal_plan.c - what a run is about to change comes back whole from the journal, also to
 * who opens it next; versions that are known to be bad.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "install/journal.h"
#include "support/scratch.h"

#define RUN "20261122T163400Z-1a2b"

static struct scratch scratch;
static struct error err;
static struct journal *journal;
static struct host host;
static struct plan plan;

static void set_command(struct command *command, const char *line)
{
	cr_assert(command_parse(line, command, &err) == 0, "%s", err.text);
}

static void make_host(void)
{
	host.root = strdup("/srv/root");
	host.manager = MANAGER_COMMAND;
	host.artifacts = calloc(2, sizeof(*host.artifacts));
	host.artifact_count = 2;
	host.artifacts[0] = (struct artifact){.name = strdup("a"), .install = strdup("/bin/a")};
	host.artifacts[1] = (struct artifact){.name = strdup("b"), .install = strdup("/bin/b")};
	host.services = calloc(1, sizeof(*host.services));
	host.service_count = 1;
	host.services[0] = (struct service){.name = strdup("s"),
					    .binary = strdup("a"),
					    .ready_timeout_ms = 1,
					    .stop_timeout_ms = 2,
					    .keeps_children = true,
					    .pid_file = strdup("/run/s")};
	set_command(&host.services[0].start, "/bin/start \"two words\"");
	set_command(&host.services[0].stop, "/bin/stop");
	host.databases = calloc(1, sizeof(*host.databases));
	host.database_count = 1;
	host.databases[0] = (struct database){.name = strdup("d"),
					      .path = strdup("/d.db"),
					      .record = strdup("done"),
					      .on_rollback = ROLLBACK_ALWAYS};
	set_command(&host.health.command, "/bin/health");
	host.health.settle_ms = 7;
}

static void open_journal(void)
{
	cr_assert(journal_open(scratch.path, NULL, &journal, &err) == 0, "%s", err.text);
}

static void set_up(void)
{
	const struct journal_run run = {RUN, "p", "update", "1", "2"};

	scratch = scratch_make();
	make_host();
	plan.host = &host;
	cr_assert(plan_allocate(&plan) == 0);
	plan.staging = strdup("/staging");
	plan.keep_snapshots = 3;
	plan_boot(plan.boot);
	plan.swaps[0] = (struct swap_plan){.artifact = &host.artifacts[0],
					   .existed = true,
					   .old_digest = {{1}},
					   .new_digest = {{2}},
					   .old_inode = 11,
					   .old_mode = 0750,
					   .backup_inode = 12};
	plan.swaps[1] = (struct swap_plan){.artifact = &host.artifacts[1], .removes = true};
	plan.before[0] = (struct service_process){.pid = 42, .start_time = 43};
	plan.baseline.complete = true;
	cr_assert(strings_add(&plan.baseline.failed, "one") == 0);
	cr_assert(strings_add(&plan.baseline.failed, "two") == 0);
	open_journal();
	cr_assert(journal_begin(journal, &run, &err) == 0, "%s", err.text);
}

static void tear_down(void)
{
	journal_close(&journal);
	plan_finish(&plan);
	host_finish(&host);
	scratch_remove(&scratch);
}

TestSuite(journal_plan, .init = set_up, .fini = tear_down, .timeout = 60);

static void write_plan(void)
{
	cr_assert(journal_plan(journal, RUN, &plan, &err) == 0, "%s", err.text);
}

static struct plan read_plan(void)
{
	struct plan read = {0};

	journal_close(&journal);
	cr_assert(journal_open_to_read(scratch.path, &journal, &err) == 0, "%s", err.text);
	cr_assert(journal_read_plan(journal, RUN, &read, &err) == 0, "%s", err.text);
	return read;
}

Test(journal_plan, all_that_recovery_needs_comes_back)
{
	write_plan();
	auto_plan struct plan read = read_plan();

	cr_assert_str_eq(read.host->root, "/srv/root");
	cr_assert_str_eq(read.staging, "/staging");
	cr_assert_str_eq(read.boot, plan.boot);
	cr_assert_eq(read.keep_snapshots, 3);
	cr_assert_eq(read.host->artifact_count, 2);
	cr_assert_str_eq(read.host->artifacts[1].install, "/bin/b");
	cr_assert(read.swaps[0].existed && !read.swaps[0].removes);
	cr_assert_eq(read.swaps[0].old_digest.bytes[0], 1);
	cr_assert_eq(read.swaps[0].new_digest.bytes[0], 2);
	cr_assert_eq(read.swaps[0].old_inode, 11);
	cr_assert_eq(read.swaps[0].backup_inode, 12);
	cr_assert_str_eq(read.swaps[0].backup, "/bin/a.previous");
	cr_assert(read.swaps[1].removes && !read.swaps[1].existed);
	cr_assert_eq(read.before[0].pid, 42);
	cr_assert_eq(read.before[0].start_time, 43);
	cr_assert(read.host->services[0].keeps_children);
	cr_assert_str_eq(read.host->services[0].start.words.items[1], "two words");
	cr_assert_eq(read.host->databases[0].on_rollback, ROLLBACK_ALWAYS);
	cr_assert_null(read.snapshots[0].database, "none was begun");
	cr_assert_eq(read.baseline.failed.count, 2);
	cr_assert_str_eq(read.baseline.failed.items[1], "two");
	cr_assert(!read.baseline.healthy && read.baseline.complete);
	cr_assert_eq(read.host->health.settle_ms, 7);
}

Test(journal_plan, a_snapshot_is_added_once_it_is_begun)
{
	char path[] = "/d/copy.db";
	char fingerprint[] = "f00";
	const struct snapshot snapshot = {&host.databases[0], true, path, fingerprint, NULL};

	write_plan();
	cr_assert(journal_plan_snapshot(journal, RUN, 0, &snapshot, &err) == 0, "%s", err.text);
	auto_plan struct plan read = read_plan();

	cr_assert(read.snapshots[0].existed);
	cr_assert_str_eq(read.snapshots[0].path, path);
	cr_assert_str_eq(read.snapshots[0].fingerprint, fingerprint);
	cr_assert(read.snapshots[0].database == &read.host->databases[0]);
}

Test(journal_plan, what_is_stopped_with_the_services_comes_back_in_order)
{
	struct strings units = {0};

	write_plan();
	cr_assert(strings_add(&units, "b.service") == 0 && strings_add(&units, "a.target") == 0);
	cr_assert(journal_plan_dependents(journal, RUN, &units, &err) == 0, "%s", err.text);
	strings_finish(&units);
	auto_plan struct plan read = read_plan();

	cr_assert_eq(read.dependents.count, 2);
	cr_assert_str_eq(read.dependents.items[0], "b.service");
	cr_assert_str_eq(read.dependents.items[1], "a.target");
}

Test(journal_plan, a_run_without_one_has_touched_nothing)
{
	struct plan read;

	cr_assert(journal_read_plan(journal, RUN, &read, &err) == -ENOENT);
	cr_assert(journal_plan(journal, "another", &plan, &err) < 0, "no such run");
}

static int find(void *data, const struct journal_bad *bad, struct error *error)
{
	(void)error;
	(void)snprintf(data, 64, "%s: %s", bad->version, bad->reason);
	return 0;
}

static const char *condemned(void)
{
	static char text[64];

	text[0] = '\0';
	cr_assert(journal_condemned(journal, find, text, &err) == 0, "%s", err.text);
	return text;
}

Test(journal_plan, a_bad_version_is_remembered_until_it_is_committed)
{
	cr_assert(journal_condemn(journal, "2", RUN, "it crashed", &err) == 0, "%s", err.text);
	journal_close(&journal);
	open_journal();
	cr_assert_str_eq(condemned(), "2: it crashed");
	cr_assert(journal_commit(journal, RUN, "2", NULL, 0, &err) == 0, "%s", err.text);
	cr_assert_str_eq(condemned(), "");
}

Test(journal_plan, facts_of_a_release_are_found_by_its_version)
{
	auto_pairs struct pairs facts = {0};
	auto_pairs struct pairs read = {0};
	char *run = NULL;

	cr_assert(pairs_set(&facts, "release.migrations.d", "1\n2") == 0);
	cr_assert(journal_facts(journal, RUN, &facts, &err) == 0, "%s", err.text);
	cr_assert(journal_run_of_version(journal, "2", &run, &err) == -ENOENT);
	cr_assert(journal_commit(journal, RUN, "2", NULL, 0, &err) == 0, "%s", err.text);
	cr_assert(journal_run_of_version(journal, "2", &run, &err) == 0, "%s", err.text);
	cr_assert_str_eq(run, RUN);
	cr_assert(journal_read_facts(journal, run, &read, &err) == 0, "%s", err.text);
	cr_assert_str_eq(pairs_get(&read, "release.migrations.d"), "1\n2");
	free(run);
}
