/*
 * test_system_units.c - the units that banger-update brings: their order at a boot, what their
 * confinement leaves possible, and what keeps a daemon from starting.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "flow/world_parts.h"
#include "install/journal.h"
#include "system/guest.h"

static struct guest guest;

static void begin(void)
{
	guest_make(&guest, &(struct guest_options){0});
}

static void end(void)
{
	guest_finish(&guest);
}

TestSuite(units, .init = begin, .fini = end, .timeout = 120);

Test(units, recovery_is_over_before_anything_else_starts_and_is_looked_at_after_all)
{
	machine_boot(&guest.machine);
	long recovered = guest_moment(&guest, "banger-update-recover.service",
				      "InactiveEnterTimestampMonotonic");

	cr_assert_lt(recovered,
		     guest_moment(&guest, "sysinit.target", "ActiveEnterTimestampMonotonic"));
	cr_assert_lt(recovered,
		     guest_moment(&guest, "bangerd.service", "InactiveExitTimestampMonotonic"));
	cr_assert_gt(guest_moment(&guest, "banger-update-recover-verify.service",
				  "InactiveExitTimestampMonotonic"),
		     guest_moment(&guest, "multi-user.target", "ActiveEnterTimestampMonotonic"));
	cr_assert(guest_is(&guest, "banger-update-recover.service", "Result", "success"));
	cr_assert(guest_is(&guest, "banger-update-recover-verify.service", "Result", "success"));
	cr_assert(guest_is(&guest, "banger-update-check.timer", "ActiveState", "inactive"));
}

/* A run of a version that knows more phases, which this one therefore cannot take back. */
static void leave_a_run(void)
{
	const struct journal_run run = {"20261122T163400Z-1a2b", "banger", "update", "0.1.0",
					"0.2.0"};
	struct service services[] = {{.name = (char[]){"bangerd.service"}}};
	struct host host = {.root = (char[]){""},
			    .manager = MANAGER_SYSTEMD,
			    .services = services,
			    .service_count = 1};
	struct plan plan = {.host = &host};
	struct journal *journal = NULL;
	struct error err;

	scratch_directory(guest.world.state);
	must(plan_allocate(&plan) == 0);
	must(journal_open(guest.world.state, NULL, &journal, &err) == 0);
	must(journal_begin(journal, &run, &err) == 0);
	must(journal_plan(journal, run.id, &plan, &err) == 0);
	must(journal_note(journal, run.id, "warp", "intent", NULL, &err) == 0);
	journal_close(&journal);
	plan_finish(&plan);
}

Test(units, what_cannot_be_taken_back_keeps_its_daemon_from_starting_and_the_host_comes_up)
{
	leave_a_run();
	machine_boot(&guest.machine);
	cr_assert(guest_is(&guest, "multi-user.target", "ActiveState", "active"));
	cr_assert(guest_is(&guest, "web.service", "ActiveState", "active"));
	cr_assert(guest_is(&guest, "bangerd.service", "ActiveState", "inactive"));
	cr_assert(guest_is(&guest, "banger-update-recover.service", "Result", "success"));
	struct outcome start = machine_run(&guest.machine, "systemctl start bangerd.service");

	cr_assert_neq(start.exit_code, 0, "a person starts it all the same");
	outcome_free(&start);
	free(machine_ask(&guest.machine,
			 "journalctl --update-catalog && "
			 "journalctl -b -x -o short MESSAGE_ID=e364a912f93f4622be152464780b319e "
			 "BANGER_UNIT=bangerd.service | grep 'bangerd.service is kept'"));
	struct outcome status = guest_update(&guest, "status");

	cr_assert_not_null(strstr(status.output, "BARRED"), "%s", status.output);
	outcome_free(&status);
	/* Whoever put things right by hand says so, with the next run. */
	guest_publish(&guest, "0.1.0", 2, NULL);
	struct outcome update = guest_update(&guest, "--waive unfinished");

	cr_assert_eq(update.exit_code, 0, "exit %d: %s", update.exit_code, update.errors);
	free(machine_ask(&guest.machine, "systemctl start bangerd.service"));
	cr_assert(guest_is(&guest, "bangerd.service", "ActiveState", "active"));
	outcome_free(&update);
}

Test(units, the_check_says_what_there_is_and_changes_nothing)
{
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);

	free(machine_ask(&guest.machine, "systemctl start banger-update-check.service"));
	free(machine_ask(&guest.machine, "journalctl -b -o cat -u banger-update-check.service | "
					 "grep '0.2.0 is available'"));
	guest_assert_unchanged(&guest, &before);
	guest_sight_free(&before);
}

Test(units, an_unattended_update_is_confined_and_works_all_the_same)
{
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);
	struct outcome update =
		machine_shell(&guest.machine, "systemctl start banger-update.service || "
					      "journalctl -b -u banger-update.service");

	cr_assert_str_eq(update.output, "");
	guest_assert_runs(&guest, &before, "0.2.0");
	outcome_free(&update);
	guest_sight_free(&before);
}
