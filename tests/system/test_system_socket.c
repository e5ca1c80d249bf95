/*
 * test_system_socket.c - a service that its socket starts is updated while somebody connects every
 * millisecond: none is refused, none goes without an answer, and none starts it half-way.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "flow/world_parts.h"
#include "system/client.h"
#include "system/guest.h"
#include "system/talker_guest.h"

static struct guest guest;
static struct client client;

static void end(void)
{
	client_end(&client);
	guest_finish(&guest);
}

TestSuite(sockets, .fini = end, .timeout = 120);

/* Updates under load, and returns what the client saw. */
static struct seen update_under_load(const char *behaviour, int exit_code)
{
	guest_make(&guest, &(struct guest_options){.sections = TALKER_SECTIONS});
	talker_install(&guest);
	talker_publish(&guest, "0.2.0", behaviour);
	machine_boot(&guest.machine);
	client = client_start(&guest.machine, "/run/talker", NULL);
	/* The first connection starts it. */
	free(machine_ask(&guest.machine,
			 "until systemctl -q is-active talker.service; do :; done"));
	struct outcome outcome = guest_update(&guest, "--json");

	cr_assert_eq(outcome.exit_code, exit_code, "exit %d: %s%s", outcome.exit_code,
		     outcome.output, outcome.errors);
	struct seen seen = client_stop(&client);

	(void)printf("%ld answers of the old, %ld of the new release, %ld refused, %ld without an "
		     "answer, the longest wait %ld ms\n",
		     seen.old, seen.new, seen.refused, seen.unanswered,
		     seen.longest_wait_us / 1000);
	cr_assert_eq(seen.refused, 0);
	cr_assert_eq(seen.unanswered, 0);
	cr_assert_gt(seen.old, 0);
	free(machine_ask(&guest.machine, "test /proc/$(systemctl show --value -p MainPID "
					 "talker.service)/exe -ef /usr/local/bin/talker"));
	outcome_free(&outcome);
	return seen;
}

Test(sockets, no_connection_is_lost_while_a_service_is_updated)
{
	struct seen seen = update_under_load(NULL, 0);

	cr_assert_gt(seen.new, 0);
}

Test(sockets, no_connection_is_lost_while_an_update_is_rolled_back)
{
	(void)update_under_load("unhealthy", 4);
	free(machine_ask(&guest.machine, "/usr/local/bin/talker --version | grep -x 0.1.0"));
}
