/*
 * test_system_update.c - updates under a real systemd, over http, with a pending migration: the one
 * that ends well, and each way in which the new release, or the old one, misbehaves.
 *
 * A release that was rolled back leaves the machine as it was, so that the next one meets the same.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/expect.h"
#include "flow/world_parts.h"
#include "system/guest.h"

static struct guest guest;

static void end(void)
{
	guest_finish(&guest);
}

TestSuite(update, .fini = end, .timeout = 120);

/* Migrations are those that version knows: three, one of which is pending. */
static struct outcome update_to(const char *version, const char *behaviour,
				struct guest_sight *before)
{
	guest_publish(&guest, version, 3, behaviour);
	*before = guest_look(&guest);
	return guest_update(&guest, "--json");
}

static void expect_success(const char *version, const char *behaviour)
{
	struct guest_sight before;
	struct outcome outcome = update_to(version, behaviour, &before);

	cr_assert_eq(outcome.exit_code, 0, "%s: exit %d: %s%s", version, outcome.exit_code,
		     outcome.output, outcome.errors);
	guest_assert_runs(&guest, &before, version);
	cr_assert_eq(world_query(&guest.world, "SELECT max(id) FROM schema_migrations"), 3);
	cr_assert_eq(world_query(&guest.world, "SELECT count(*) FROM vms"), 1);
	outcome_free(&outcome);
	guest_sight_free(&before);
}

static void expect_rollback(const char *version, const char *behaviour,
			    const struct expected *expected)
{
	struct guest_sight before;
	struct outcome outcome = update_to(version, behaviour, &before);

	assert_outcome(&guest.world, &outcome, expected);
	guest_assert_restored(&guest, &before, "0.1.0");
	outcome_free(&outcome);
	guest_sight_free(&before);
}

/* An entry that journalctl finds by that kind of event, and by one field. */
static void assert_in_journal(const char *id, const char *field)
{
	char *command = NULL;

	must(asprintf(&command,
		      "journalctl -b -q -o cat SYSLOG_IDENTIFIER=banger-update MESSAGE_ID=%s %s "
		      "| grep .",
		      id, field) > 0);
	free(machine_ask(&guest.machine, command));
	free(command);
}

Test(update, a_release_that_does_not_come_up_is_rolled_back_and_the_next_one_runs)
{
	guest_boot(&guest, &(struct guest_options){0});
	/* The last word is the journal's of that invocation. */
	expect_rollback("0.2.0", "exits-at-once",
			EXPECTED(4, "start", "bangerd.service", "exited with 7", "code=exited"));
	expect_rollback("0.3.0", "never-ready", EXPECTED(4, "start", "not ready within 2 s"));
	world_configure(&guest.world, "[health]", "settle", "1500ms");
	expect_rollback("0.4.0", "dies-after-ready",
			EXPECTED(4, "health", "bangerd.service was ready, then", "code=killed"));
	expect_rollback("0.5.0", "unhealthy", EXPECTED(4, "health", "never well"));
	expect_success("0.6.0", NULL);
	assert_in_journal("1dda387f48394f3d9f7b3ded38d71623", "BANGER_PHASE=start");
	assert_in_journal("1dda387f48394f3d9f7b3ded38d71623", "BANGER_PHASE=health");
	assert_in_journal("e0683b69a7e647a0b4e52f0e0c58c8ba", "BANGER_TO=0.6.0");
}

/* Whatever its start limit says: it was started five times within seconds. */
Test(update, a_release_that_is_restarted_again_and_again_is_not_taken_for_healthy)
{
	guest_boot(&guest,
		   &(struct guest_options){.unit_lines = "Restart=always\nRestartSec=20ms"});
	expect_rollback("0.2.0", "exits-at-once", EXPECTED(4, "start", "bangerd.service"));
	world_configure(&guest.world, "[health]", "settle", "1500ms");
	expect_rollback("0.3.0", "dies-after-ready", EXPECTED(4, "health", "bangerd.service"));
	expect_success("0.4.0", NULL);
}

Test(update, who_hangs_on_stop_is_killed_be_it_the_new_release_or_the_old)
{
	guest_boot(&guest, &(struct guest_options){.unit_lines = "NotifyAccess=all"});
	expect_rollback("0.2.0", "unhealthy-and-ignores-stop", EXPECTED(4, "health", "never well"));
	expect_success("0.3.0", "ignores-stop");
	expect_success("0.4.0", NULL);
}

/* systemd calls it started before it runs (Type=simple). */
Test(update, a_daemon_that_says_nothing_is_looked_at_until_it_has_settled)
{
	struct guest_sight before;

	guest_boot(&guest, &(struct guest_options){.type = "simple"});
	struct outcome outcome = update_to("0.2.0", "exits-at-once", &before);

	/* In the phase that looked first after it was gone. */
	cr_assert_eq(outcome.exit_code, 4, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	guest_assert_restored(&guest, &before, "0.1.0");
	outcome_free(&outcome);
	guest_sight_free(&before);
	expect_success("0.3.0", NULL);
}

/* Of KillMode=none systemd stops nothing. */
Test(update, an_old_process_does_not_go_on_beside_the_new_release)
{
	struct guest_sight before;

	guest_boot(&guest, &(struct guest_options){.unit_lines = "KillMode=none"});
	struct outcome outcome = update_to("0.2.0", NULL, &before);
	char *command = NULL;

	must(asprintf(&command, "kill -0 %s", before.pid) > 0);
	struct outcome look = machine_shell(&guest.machine, command);
	char *installed = machine_ask(&guest.machine, "/usr/local/bin/banger --version");
	bool is_old = text_has_word(installed, "0.1.0");

	/* Ended, and updated; or left alone, with what is installed. */
	cr_assert_eq(outcome.exit_code == 0, look.exit_code != 0, "exit %d: %s%s",
		     outcome.exit_code, outcome.output, outcome.errors);
	cr_assert_eq(outcome.exit_code == 0, !is_old, "%s", installed);
	free(command);
	free(installed);
	outcome_free(&look);
	outcome_free(&outcome);
	guest_sight_free(&before);
}
