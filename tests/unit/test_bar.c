/*
 * test_bar.c - a boot at which a run cannot be taken back: its services are kept from starting
 * until that was put right.
 */
#include "update/bar.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "support/scratch.h"

#define RUN     "20261122T163400Z-1a2b"
#define FLAG    "run/banger-update/p.barred"
#define DROP_IN "run/systemd/system/one.service.d/banger-update-p.conf"

static struct scratch scratch;
static struct options options;
static struct update update;
static struct error err;

static bool is_there(const char *name)
{
	char *path = scratch_path(&scratch, "%s", name);
	bool there = scratch_exists(path);

	free(path);
	return there;
}

static void make_directory(const char *name)
{
	char *path = scratch_path(&scratch, "%s", name);

	scratch_directory(path);
	free(path);
}

static void record_plan(enum manager manager)
{
	struct service services[] = {{.name = (char[]){"one.service"}},
				     {.name = (char[]){"two.service"}}};
	struct host host = {
		.root = scratch.path, .manager = manager, .services = services, .service_count = 2};
	struct plan plan = {.host = &host};

	cr_assert_eq(plan_allocate(&plan), 0);
	cr_assert_eq(journal_plan(update.journal, RUN, &plan, &err), 0, "%s", err.text);
	plan_finish(&plan);
}

/* A run of a version of this program that knew more phases, killed in one of them. */
static void begin(enum manager manager, bool has_plan)
{
	const struct journal_run run = {RUN, "p", "update", "1", "2"};

	scratch = scratch_make();
	make_directory("state");
	options = (struct options){.root = scratch.path, .quiet = true};
	update_init_bare(&update, &options);
	update.product = strdup("p");
	update.state_dir = scratch_path(&scratch, "state");
	update.boot = true;
	cr_assert_eq(journal_open(update.state_dir, NULL, &update.journal, &err), 0, "%s",
		     err.text);
	cr_assert_eq(journal_begin(update.journal, &run, &err), 0, "%s", err.text);
	if (has_plan) {
		record_plan(manager);
	}
	cr_assert_eq(journal_note(update.journal, RUN, "warp", "intent", NULL, &err), 0);
}

static void begin_systemd(void)
{
	begin(MANAGER_SYSTEMD, true);
	make_directory("run/systemd/system");
}

static void end(void)
{
	strings_finish(&options.waived);
	update_finish(&update);
	scratch_remove(&scratch);
}

static void fail_to_recover(void)
{
	cr_assert_lt(update_recover(&update, &err), 0);
}

static void recover(void)
{
	cr_assert_eq(strings_add(&options.waived, "unfinished"), 0);
	cr_assert_eq(update_recover(&update, &err), 0, "%s", err.text);
}

TestSuite(bar, .init = begin_systemd, .fini = end);
TestSuite(no_bar, .fini = end);

Test(bar, every_service_of_the_run_has_one)
{
	fail_to_recover();
	char *path = scratch_path(&scratch, DROP_IN);
	char *text = scratch_read(path);

	cr_assert_not_null(strstr(text, "\n[Unit]\nAssertPathExists=!/" FLAG "\n"), "%s", text);
	cr_assert_not_null(strstr(text, "another version of this program"), "%s", text);
	cr_assert(is_there(FLAG));
	cr_assert(is_there("run/systemd/system/two.service.d/banger-update-p.conf"));
	free(path);
	free(text);
}

static char *reason(void)
{
	char *text = NULL;

	cr_assert_eq(bar_reason(&update, "p", &text, &err), 0, "%s", err.text);
	return text;
}

Test(bar, a_recovery_lifts_it)
{
	fail_to_recover();
	update.boot = false;
	fail_to_recover();
	cr_assert(is_there(FLAG), "lifted by a recovery that failed");
	char *why = reason();

	cr_assert_not_null(strstr(why, "another version of this program"), "%s", why);
	recover();
	cr_assert_not(is_there(FLAG));
	cr_assert_null(reason());
	free(why);
}

Test(bar, a_person_who_recovers_is_told_and_nothing_is_kept_from_starting)
{
	update.boot = false;
	fail_to_recover();
	cr_assert_not(is_there(FLAG));
	cr_assert_not(is_there(DROP_IN));
}

Test(bar, that_it_cannot_be_put_is_left_to_a_person)
{
	char *path = scratch_path(&scratch, "run/banger-update");

	scratch_write(path, "no directory");
	fail_to_recover();
	cr_assert(update.incomplete);
	cr_assert_eq(update.to_do.count, 2);
	cr_assert_not_null(strstr(update.to_do.items[1], "stop the services of p"), "%s",
			   update.to_do.items[1]);
	cr_assert_not(is_there(DROP_IN));
	free(path);
}

Test(no_bar, where_another_manager_starts_them)
{
	begin(MANAGER_COMMAND, true);
	make_directory("run/systemd/system");
	fail_to_recover();
	cr_assert_not(is_there(FLAG));
	cr_assert_eq(update.to_do.count, 1); /* why it was not recovered */
}

Test(no_bar, where_systemd_does_not_run)
{
	begin(MANAGER_SYSTEMD, true);
	fail_to_recover();
	cr_assert_not(is_there(FLAG));
}

Test(no_bar, where_the_run_touched_nothing)
{
	begin(MANAGER_SYSTEMD, false);
	make_directory("run/systemd/system");
	fail_to_recover();
	cr_assert_not(is_there(FLAG));
	cr_assert_eq(update.to_do.count, 1); /* why it was not recovered */
}
