/*
 * test_system_power.c - the power fails in the middle of an update, and the machine comes up again:
 * recovery runs before the daemon, and what is installed is one release, with its database.
 *
 * BANGER_SYSTEM=long: twenty times on each file system instead of twice on one.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "flow/world_parts.h"
#include "system/guest.h"

#define PATIENCE_MS 60000

static struct guest guest;

static void end(void)
{
	guest_finish(&guest);
}

TestSuite(power, .fini = end, .timeout = 240);

static bool is_long(void)
{
	const char *form = getenv("BANGER_SYSTEM");

	return form != NULL && strcmp(form, "long") == 0;
}

static void assert_recovered_before_the_daemon(void)
{
	cr_assert_lt(guest_moment(&guest, "banger-update-recover.service",
				  "InactiveEnterTimestampMonotonic"),
		     guest_moment(&guest, "bangerd.service", "InactiveExitTimestampMonotonic"));
	cr_assert(guest_is(&guest, "banger-update-recover-verify.service", "Result", "success"));
	free(machine_ask(&guest.machine,
			 "banger-update --json status | grep '\"interrupted\":null'"));
}

static void fail_between_swap_and_start(const char *type, enum cut cut)
{
	guest_make(&guest, &(struct guest_options){.disk = type, .unit_lines = GUEST_GATE});
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);
	struct running update = guest_begin_to_gate(&guest);

	machine_power_cut(&guest.machine, cut);
	struct outcome outcome = world_await(&update);

	machine_boot(&guest.machine);
	assert_recovered_before_the_daemon();
	guest_assert_restored(&guest, &before, "0.1.0");
	outcome_free(&outcome);
	guest_sight_free(&before);
}

Test(power, fails_between_swap_and_start_and_the_old_release_runs_again_ext4)
{
	fail_between_swap_and_start("ext4", CUT_ALL);
}

Test(power, fails_between_swap_and_start_and_the_old_release_runs_again_xfs)
{
	fail_between_swap_and_start("xfs", CUT_DATA);
}

/* As soon as it has the lock: one that was in vain is followed by another, which holds back what it
 * cannot put back. */
static struct outcome recover(void)
{
	return machine_shell(&guest.machine,
			     "for i in $(seq 400); do banger-update recover; code=$?; "
			     "[ $code = 75 ] || exit $code; sleep 0.05; done");
}

/* Then the file that would be put back is missing: what is there must not start, until somebody has
 * brought it back and says so. */
Test(power, fails_and_what_cannot_be_put_back_waits_for_a_person)
{
	guest_make(&guest, &(struct guest_options){.disk = "ext4", .unit_lines = GUEST_GATE});
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);
	struct running update = guest_begin_to_gate(&guest);
	char *backup = path_join(guest.world.bin, "bangerd.previous");
	char *away = path_join(guest.world.bin, "away");

	machine_power_cut(&guest.machine, CUT_ALL);
	struct outcome outcome = world_await(&update);

	cr_assert_eq(rename(backup, away), 0);
	machine_boot(&guest.machine);
	cr_assert(guest_is(&guest, "multi-user.target", "ActiveState", "active"));
	cr_assert(guest_is(&guest, "bangerd.service", "ActiveState", "inactive"));
	struct outcome vain = recover();

	cr_assert_eq(vain.exit_code, 5, "%s%s", vain.output, vain.errors);
	cr_assert_not_null(strstr(vain.errors, "then run banger-update recover, which lets"), "%s",
			   vain.errors);
	outcome_free(&vain);
	cr_assert_eq(rename(away, backup), 0);
	struct outcome recovery = recover();

	cr_assert_eq(recovery.exit_code, 0, "%s%s", recovery.output, recovery.errors);
	guest_assert_restored(&guest, &before, "0.1.0");
	outcome_free(&recovery);
	outcome_free(&outcome);
	free(away);
	free(backup);
	guest_sight_free(&before);
}

/* Without asking anybody (systemd(1), SIGRTMIN+4): what holds a polite shutdown off does not count.
 */
Test(power, is_turned_off_in_the_middle_and_the_old_release_runs_again)
{
	guest_make(&guest, &(struct guest_options){.unit_lines = GUEST_GATE});
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);
	struct running update = guest_begin_to_gate(&guest);

	machine_off(&guest.machine);
	struct outcome outcome = world_await(&update);

	machine_boot(&guest.machine);
	assert_recovered_before_the_daemon();
	guest_assert_restored(&guest, &before, "0.1.0");
	outcome_free(&outcome);
	guest_sight_free(&before);
}

/* ---- anywhere ---------------------------------------------------------------------------------
 */

/* True once the update to version is about to change the host. */
static bool has_begun(const char *version)
{
	char *path = path_join(guest.world.state, "journal.db");
	char *sql = sqlite3_mprintf("SELECT 1 FROM event JOIN run ON event.run = run.id "
				    "WHERE run.to_version = %Q AND event.phase = 'snapshot'",
				    version);
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	bool found = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
		     sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
		     sqlite3_step(stmt) == SQLITE_ROW;

	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	sqlite3_free(sql);
	free(path);
	return found;
}

static void await_begin(const char *version)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);

	while (!has_begun(version)) {
		cr_assert_gt(clock_left(deadline), 0, "the update to %s does not begin", version);
		(void)usleep(1000);
	}
}

/* Which of the two is installed, whole? */
static bool is_new(const char *old, const char *new)
{
	char *versions = machine_ask(&guest.machine, "echo $(/usr/local/bin/bangerd --version) "
						     "$(/usr/local/bin/banger --version)");
	bool has_old = text_has_word(versions, old);
	bool has_new = text_has_word(versions, new);

	cr_assert_neq(has_old, has_new, "half of each: %s", versions);
	free(versions);
	return has_new;
}

/* From the first act on, later each time: to the end of an update and a little further. */
static void cut_somewhere(size_t cycle, const char *version, enum cut cut)
{
	struct running update = guest_begin(&guest, "an-update.service", "");

	await_begin(version);
	(void)usleep((useconds_t)(cycle * 79 % 900) * 1000);
	machine_power_cut(&guest.machine, cut);
	struct outcome outcome = world_await(&update);

	outcome_free(&outcome);
}

static void fail_again_and_again(const char *type, size_t cycles)
{
	char installed[32] = "0.1.0";
	long migrations = 2;
	size_t updated = 0;

	guest_boot(&guest, &(struct guest_options){.disk = type});
	for (size_t i = 0; i < cycles; i++) {
		char version[32];

		(void)snprintf(version, sizeof(version), "0.%zu.0", i + 2);
		guest_publish(&guest, version, 3, NULL);
		cut_somewhere(i, version, i % 2 == 0 ? CUT_ALL : CUT_DATA);
		machine_boot(&guest.machine);
		if (is_new(installed, version)) {
			(void)snprintf(installed, sizeof(installed), "%s", version);
			migrations = 3;
			updated++;
		}
		assert_recovered_before_the_daemon();
		guest_assert_well(&guest, installed);
		cr_assert_eq(world_query(&guest.world, "SELECT max(id) FROM schema_migrations"),
			     migrations);
		cr_assert_eq(world_query(&guest.world, "SELECT count(*) FROM vms"), 1);
	}
	(void)printf("%s: %zu power cuts and boots: %zu old, %zu new, 0 neither\n", type, cycles,
		     cycles - updated, updated);
}

Test(power, fails_anywhere_in_an_update_and_one_release_runs_ext4, .timeout = 900)
{
	fail_again_and_again("ext4", is_long() ? 20 : 2);
}

Test(power, fails_anywhere_in_an_update_and_one_release_runs_xfs, .timeout = 900)
{
	if (!is_long()) {
		cr_skip_test("BANGER_SYSTEM=long asks for it");
	}
	fail_again_and_again("xfs", 20);
}
