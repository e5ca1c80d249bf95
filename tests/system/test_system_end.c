/*
 * test_system_end.c - an update that is killed while the services are down, and what keeps a host
 * from going down meanwhile.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
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

TestSuite(end, .fini = end, .timeout = 120);

/* Its stop takes until somebody lets it: the updater waits for it, talker is down already. */
static const char slow_stop[] = "ExecStop=/bin/sh -c 'touch /run/gate; until test -e /run/go; do "
				"sleep 0.05; done'\n";

#define RECOVERED "6de3cb38176e4515a00bcfdd24d02744" /* as in packaging/systemd */

/* What a connection would start waits for the recovery, not only for the end of the updater. */
Test(end, a_killed_update_is_taken_back_before_a_connection_starts_its_service)
{
	guest_make(&guest,
		   &(struct guest_options){.sections = TALKER_SECTIONS, .unit_lines = slow_stop});
	talker_install(&guest);
	talker_publish(&guest, "0.2.0", NULL);
	machine_boot(&guest.machine);
	free(machine_ask(&guest.machine, "systemctl start talker.service"));
	struct guest_sight before = guest_look(&guest);
	struct running update = guest_begin_to_gate(&guest);

	client = client_start(&guest.machine, TALKER_SOCKET, NULL);
	free(machine_ask(&guest.machine, "systemctl kill -s KILL an-update.service; touch /run/go;"
					 "until systemctl -q is-active talker.service; do "
					 "sleep 0.05; done"));
	struct seen seen = client_stop(&client);
	struct outcome outcome = world_await(&update);
	char *order = machine_ask(
		&guest.machine,
		/* journald may take a moment. */
		"until journalctl -q MESSAGE_ID=" RECOVERED " | grep -q .; do sleep 0.05; done; "
		"echo $(journalctl -o json MESSAGE_ID=" RECOVERED " | "
		"sed 's/.*\"__MONOTONIC_TIMESTAMP\":\"\\([0-9]*\\)\".*/\\1/') "
		"$(systemctl show --value -p InactiveExitTimestampMonotonic talker.service)");
	char *started = NULL;
	long recovered = strtol(order, &started, 10);

	cr_assert_eq(seen.refused, 0);
	cr_assert_eq(seen.unanswered, 0);
	cr_assert_gt(recovered, 0, "%s", order);
	cr_assert_lt(recovered, strtol(started, NULL, 10), "%s", order);
	free(machine_ask(&guest.machine, "banger-update recover"));
	guest_assert_restored(&guest, &before, "0.1.0");
	free(order);
	outcome_free(&outcome);
	guest_sight_free(&before);
}

/* A socket of bangerd's that nothing but a start of it brings back. */
static void write_part_socket(void)
{
	machine_unit(&guest.machine, "part.socket", "sockets.target",
		     "[Unit]\nPartOf=bangerd.service\n"
		     "[Socket]\nListenStream=/run/part.sock\nService=bangerd.service\n");
}

/* Since the update was killed somebody has started bangerd, and systemd lets no socket begin to
 * listen for a service that runs. */
Test(end, a_socket_that_cannot_start_does_not_keep_other_services_down)
{
	guest_make(&guest,
		   &(struct guest_options){.sections = TALKER_SECTIONS, .unit_lines = slow_stop});
	talker_install(&guest);
	talker_publish(&guest, "0.2.0", NULL);
	write_part_socket();
	machine_boot(&guest.machine);
	free(machine_ask(&guest.machine, "systemctl start talker.service"));
	struct running update = guest_begin_to_gate(&guest);

	free(machine_ask(&guest.machine, "systemctl kill -s KILL an-update.service; touch /run/go;"
					 "systemctl start bangerd.service"));
	struct outcome outcome = world_await(&update);

	cr_assert(guest_is(&guest, "part.socket", "ActiveState", "inactive"));
	cr_assert(guest_is(&guest, "talker.service", "ActiveState", "inactive"));
	struct outcome recovery = guest_update(&guest, "recover --json");

	cr_assert_eq(recovery.exit_code, 5, "%s%s", recovery.output, recovery.errors);
	cr_assert_not_null(strstr(recovery.output, "part.socket"), "%s", recovery.output);
	cr_assert(guest_is(&guest, "talker.service", "ActiveState", "active"));
	outcome_free(&recovery);
	outcome_free(&outcome);
}

/* The stop of bangerd is not over yet, and that of its socket waits for it: it would go down as
 * soon as it had been found listening. */
Test(end, a_socket_that_is_about_to_stop_goes_on_listening)
{
	guest_make(&guest, &(struct guest_options){.unit_lines = slow_stop,
						   .service_keys = "ready_timeout = 30s"});
	guest_publish(&guest, "0.2.0", 3, NULL);
	write_part_socket();
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);
	struct running update = guest_begin_to_gate(&guest);

	free(machine_ask(&guest.machine, "systemctl kill -s KILL an-update.service"));
	struct outcome outcome = world_await(&update);
	struct running running = guest_begin(&guest, "a-recovery.service", "recover");

	free(machine_ask(&guest.machine, "until systemctl list-jobs --no-legend | "
					 "grep -q 'bangerd.service *start'; do sleep 0.05; done; "
					 "touch /run/go"));
	struct outcome recovery = world_await(&running);

	cr_assert_eq(recovery.exit_code, 0, "%s%s", recovery.output, recovery.errors);
	guest_assert_restored(&guest, &before, "0.1.0");
	cr_assert(guest_is(&guest, "part.socket", "ActiveState", "active"));
	outcome_free(&recovery);
	outcome_free(&outcome);
	guest_sight_free(&before);
}

/* As after a kill right behind the commit. */
static void forget_the_end(void)
{
	char *path = path_join(guest.world.state, "journal.db");
	sqlite3 *db = NULL;

	must(sqlite3_open(path, &db) == SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "UPDATE run SET ended_at = NULL, result = NULL", NULL, NULL,
				  NULL),
		     SQLITE_OK, "%s", sqlite3_errmsg(db));
	must(sqlite3_close(db) == SQLITE_OK);
	free(path);
}

static void recover_after(const char *command, int exit_code, const char *sentence)
{
	forget_the_end();
	free(machine_ask(&guest.machine, command));
	struct outcome recovery = guest_update(&guest, "recover --json");

	cr_assert_eq(recovery.exit_code, exit_code, "exit %d: %s%s", recovery.exit_code,
		     recovery.output, recovery.errors);
	cr_assert_not_null(strstr(recovery.output, sentence), "%s", recovery.output);
	cr_assert(guest_is(&guest, "talker.service", "ActiveState", "active"));
	cr_assert(guest_is(&guest, "bangerd.service", "ActiveState", "active"));
	outcome_free(&recovery);
}

Test(end, what_was_committed_is_whole_once_its_sockets_listen_too)
{
	guest_make(&guest, &(struct guest_options){.sections = TALKER_SECTIONS});
	talker_install(&guest);
	talker_publish(&guest, "0.2.0", NULL);
	write_part_socket();
	machine_boot(&guest.machine);
	free(machine_ask(&guest.machine, "systemctl start talker.service"));
	struct outcome update = guest_update(&guest, "");

	cr_assert_eq(update.exit_code, 0, "%s%s", update.output, update.errors);
	recover_after("systemctl stop talker.service bangerd.service", 0, "0.2.0 stays");
	cr_assert(guest_is(&guest, "part.socket", "ActiveState", "active"));
	/* systemd lets no socket begin to listen for a service that runs. */
	recover_after("systemctl stop talker.service part.socket", 5, "part.socket");
	outcome_free(&update);
}

/* Killed while the new release starts: nobody holds the services back any more but who recovers. */
Test(end, a_killed_start_is_taken_back_with_the_services_held_back)
{
	guest_make(&guest, &(struct guest_options){.unit_lines = GUEST_GATE});
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);
	struct running update = guest_begin_to_gate(&guest);

	free(machine_ask(&guest.machine, "systemctl kill -s KILL an-update.service"));
	struct outcome outcome = world_await(&update);
	struct outcome recovery = guest_update(&guest, "recover");

	cr_assert_eq(recovery.exit_code, 0, "%s%s", recovery.output, recovery.errors);
	cr_assert_null(strstr(recovery.errors, "cannot keep"), "%s", recovery.errors);
	guest_assert_restored(&guest, &before, "0.1.0");
	outcome_free(&recovery);
	outcome_free(&outcome);
	guest_sight_free(&before);
}

Test(end, a_shutdown_waits_while_services_are_down)
{
	guest_make(&guest, &(struct guest_options){.unit_lines = GUEST_GATE});
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_unit(&guest.machine, "logind.service", "multi-user.target",
		     "[Service]\nType=dbus\nBusName=org.freedesktop.login1\n"
		     "ExecStart=/lib/systemd/systemd-logind\nRuntimeDirectory=systemd/inhibit "
		     "systemd/sessions systemd/seats systemd/users\n");
	machine_boot(&guest.machine);
	struct running update = guest_begin_to_gate(&guest);

	char *held = machine_ask(&guest.machine, "systemd-inhibit --list --no-legend --no-pager");

	cr_expect_not_null(strstr(held, "banger-update"), "%s", held);
	cr_expect_not_null(strstr(held, "shutdown"), "%s", held);
	free(machine_ask(&guest.machine, "systemctl kill -s INT an-update.service"));
	struct outcome outcome = world_await(&update);

	cr_expect_eq(outcome.exit_code, 4, "%s%s", outcome.output, outcome.errors);
	free(held);
	held = machine_ask(&guest.machine, "systemd-inhibit --list --no-legend --no-pager");
	cr_expect_null(strstr(held, "banger-update"), "%s", held);
	free(held);
	outcome_free(&outcome);
}

/* systemd executes itself anew while it is waited for, as its own packages' updates make it. */
Test(end, a_manager_that_starts_anew_is_found_again)
{
	guest_make(&guest, &(struct guest_options){
				   .unit_lines = "ExecStartPre=/bin/sh -c 'case "
						 "$$(/usr/local/bin/banger --version) in *0.2.0*) "
						 "touch /run/gate; until test -e /run/go; do "
						 "sleep 0.05; done ;; esac'\n",
				   .service_keys = "ready_timeout = 30s"});
	guest_publish(&guest, "0.2.0", 3, NULL);
	machine_boot(&guest.machine);
	struct guest_sight before = guest_look(&guest);
	struct running update = guest_begin_to_gate(&guest);

	free(machine_ask(&guest.machine, "systemctl daemon-reexec; touch /run/go"));
	struct outcome outcome = world_await(&update);

	cr_assert_eq(outcome.exit_code, 0, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	guest_assert_runs(&guest, &before, "0.2.0");
	outcome_free(&outcome);
	guest_sight_free(&before);
}
