/*
 * test_system_guest.c - what every other test here stands on: bangerd runs under systemd, is
 * healthy, and the updater reads the INI and the web server's list.
 */
#include <criterion/criterion.h>

#include "flow/world_parts.h"
#include "system/guest.h"

static struct guest guest;

static void end(void)
{
	guest_finish(&guest);
}

TestSuite(guest, .fini = end, .timeout = 120);

Test(guest, runs_bangerd_and_is_offered_a_release)
{
	guest_boot(&guest, &(struct guest_options){0});
	guest_publish(&guest, "0.2.0", 3, NULL);
	struct guest_sight before = guest_look(&guest);

	cr_assert(guest_is(&guest, "bangerd.service", "ActiveState", "active"));
	cr_assert_str_neq(before.pid, "0");
	struct outcome outcome = guest_update(&guest, "--check");

	cr_assert_eq(outcome.exit_code, 1, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	cr_assert_not_null(strstr(outcome.output, "0.2.0 is available"), "%s", outcome.output);
	guest_assert_unchanged(&guest, &before);
	outcome_free(&outcome);
	guest_sight_free(&before);
}
