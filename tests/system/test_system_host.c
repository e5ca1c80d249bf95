/*
 * test_system_host.c - what else hangs on the service that is updated: units that need it, its unit
 * file, processes that must live on, who started the update, and a manager that is a user's.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"
#include "flow/world_parts.h"
#include "system/guest.h"

static struct guest guest;

static void end(void)
{
	guest_finish(&guest);
}

TestSuite(host, .fini = end, .timeout = 120);

static void publish(const char *version, const char *behaviour)
{
	guest_publish(&guest, version, 3, behaviour);
}

static void expect(int exit_code, const char *version)
{
	struct guest_sight before = guest_look(&guest);
	struct outcome outcome = guest_update(&guest, "--json");

	cr_assert_eq(outcome.exit_code, exit_code, "exit %d: %s%s", outcome.exit_code,
		     outcome.output, outcome.errors);
	guest_assert_runs(&guest, &before, version);
	outcome_free(&outcome);
	guest_sight_free(&before);
}

static void assert_answer(const char *command, const char *expected)
{
	char *answer = machine_ask(&guest.machine, command);

	cr_assert_str_eq(answer, expected, "%s: '%s'", command, answer);
	free(answer);
}

/* ---- units that need it -----------------------------------------------------------------------
 */

static void write_dependent(const char *name, const char *target)
{
	machine_unit(&guest.machine, name, target,
		     "[Unit]\nRequires=bangerd.service\nAfter=bangerd.service\n"
		     "[Service]\nExecStart=/bin/sleep infinity\n");
}

Test(host, what_requires_the_service_runs_again_and_what_did_not_run_does_not)
{
	guest_make(&guest, &(struct guest_options){0});
	write_dependent("needs-it.service", "multi-user.target");
	write_dependent("idle.service", NULL);
	machine_boot(&guest.machine);
	char *first = guest_show(&guest, "needs-it.service", "InvocationID");

	publish("0.2.0", "unhealthy");
	expect(4, "0.1.0");
	char *second = guest_show(&guest, "needs-it.service", "InvocationID");

	assert_answer("systemctl is-active needs-it.service", "active");
	cr_assert_str_neq(first, second, "it was not stopped with what it needs");
	publish("0.3.0", NULL);
	expect(0, "0.3.0");
	assert_answer("systemctl is-active needs-it.service", "active");
	assert_answer("systemctl is-active idle.service || true", "inactive");
	free(first);
	free(second);
}

/* A task that runs is cut off and begins anew; a socket that is part of the service listens again.
 */
Test(host, a_task_and_a_socket_that_go_down_with_the_service_come_back)
{
	guest_make(&guest, &(struct guest_options){0});
	machine_unit(&guest.machine, "task.service", NULL,
		     "[Unit]\nRequires=bangerd.service\nAfter=bangerd.service\n"
		     "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n");
	machine_unit(&guest.machine, "part.socket", "sockets.target",
		     "[Unit]\nPartOf=bangerd.service\n"
		     "[Socket]\nListenStream=/run/part.sock\nService=bangerd.service\n");
	machine_boot(&guest.machine);
	free(machine_ask(&guest.machine,
			 "systemctl start --no-block task.service; until "
			 "systemctl show -P SubState task.service | grep -qx start; "
			 "do sleep 0.05; done"));
	char *first = guest_show(&guest, "task.service", "InvocationID");

	publish("0.2.0", NULL);
	expect(0, "0.2.0");
	char *second = guest_show(&guest, "task.service", "InvocationID");

	assert_answer("systemctl is-active task.service || true", "activating");
	assert_answer("systemctl is-active part.socket", "active");
	cr_assert_str_neq(first, second, "it was not stopped with what it needs");
	free(first);
	free(second);
}

/* ---- units that are not as they should be -----------------------------------------------------
 */

static void expect_refusal(const struct expected *expected)
{
	struct guest_sight before = guest_look(&guest);
	struct outcome outcome = guest_update(&guest, "--json");

	assert_outcome(&guest.world, &outcome, expected);
	guest_assert_unchanged(&guest, &before);
	outcome_free(&outcome);
	guest_sight_free(&before);
}

Test(host, a_unit_that_is_masked_or_not_there_is_told_before_anything_is_changed)
{
	guest_boot(&guest, &(struct guest_options){.sections = "[service other.service]\n"});
	publish("0.2.0", NULL);
	expect_refusal(EXPECTED(2, "preflight", "other.service does not exist"));
	free(machine_ask(&guest.machine, "systemctl mask other.service"));
	expect_refusal(EXPECTED(2, "preflight", "other.service", "masked"));
}

Test(host, a_unit_that_would_go_down_for_good_is_told_before_anything_is_changed)
{
	guest_make(&guest, &(struct guest_options){0});
	machine_unit(&guest.machine, "needs-it.service", "multi-user.target",
		     "[Unit]\nRequires=bangerd.service\nAfter=bangerd.service\n"
		     "RefuseManualStart=yes\n[Service]\nExecStart=/bin/sleep infinity\n");
	machine_boot(&guest.machine);
	publish("0.2.0", NULL);
	expect_refusal(EXPECTED(3, "baseline", "needs-it.service", "could not be started again"));
	assert_answer("systemctl is-active needs-it.service", "active");
}

Test(host, what_depends_on_a_service_that_does_not_run_goes_down_with_nothing)
{
	guest_make(&guest, &(struct guest_options){.sections = "[service other.service]\n"});
	machine_unit(&guest.machine, "other.service", NULL,
		     "[Service]\nExecStart=/bin/sleep infinity\n");
	machine_unit(&guest.machine, "part.service", "multi-user.target",
		     "[Unit]\nPartOf=other.service\nRefuseManualStart=yes\n"
		     "[Service]\nExecStart=/bin/sleep infinity\n");
	machine_boot(&guest.machine);
	char *first = guest_show(&guest, "part.service", "InvocationID");

	publish("0.2.0", NULL);
	expect(0, "0.2.0");
	cr_assert(guest_is(&guest, "part.service", "InvocationID", first), "it was restarted");
	assert_answer("systemctl is-active other.service || true", "inactive");
	free(first);
}

/* ---- its unit file ----------------------------------------------------------------------------
 */

static char *unit_text(const char *environment)
{
	char *text = NULL;

	must(asprintf(&text,
		      "[Unit]\nDescription=banger's daemon\n[Service]\nType=notify\n"
		      "ExecStart=/usr/local/bin/bangerd --system\nRuntimeDirectory=banger\n"
		      "Environment=%s\n",
		      environment) > 0);
	return text;
}

static void publish_with_unit(const char *version, const char *behaviour, const char *environment)
{
	char *text = unit_text(environment);

	guest_publish_more(&guest, &(struct world_release){
					   .version = version,
					   .migrations = 3,
					   .behaviour = behaviour,
					   .more = {.name = "bangerd.service", .text = text},
				   });
	free(text);
}

Test(host, a_unit_file_is_replaced_and_put_back_like_any_other_and_the_operator_s_stay)
{
	static const char environment[] = "systemctl show --value -p Environment bangerd.service";

	guest_make(&guest,
		   &(struct guest_options){.sections = "[artifact bangerd.service]\ninstall = "
						       "/etc/systemd/system/bangerd.service\n"});
	char *text = unit_text("RELEASE=1");

	machine_write(&guest.machine, "etc/systemd/system/bangerd.service", text);
	machine_write(&guest.machine, "etc/systemd/system/bangerd.service.d/operator.conf",
		      "[Service]\nEnvironment=OPERATOR=1\n");
	machine_boot(&guest.machine);
	publish_with_unit("0.2.0", "unhealthy", "RELEASE=2");
	expect(4, "0.1.0");
	assert_answer(environment, "RELEASE=1 OPERATOR=1");
	publish_with_unit("0.3.0", NULL, "RELEASE=3");
	expect(0, "0.3.0");
	assert_answer(environment, "RELEASE=3 OPERATOR=1");
	assert_answer("tr '\\0' '\\n' </proc/$(systemctl show --value -p MainPID "
		      "bangerd.service)/environ | grep RELEASE",
		      "RELEASE=3");
	assert_answer("systemctl is-enabled bangerd.service || true", "enabled");
	free(text);
}

static void update_and_go_back(void)
{
	expect(0, "0.2.0");
	free(machine_ask(&guest.machine, "systemctl start extra.service"));
	struct guest_sight before = guest_look(&guest);
	struct outcome outcome = guest_update(&guest, "rollback --yes --json");

	cr_assert_eq(outcome.exit_code, 0, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	guest_assert_runs(&guest, &before, "0.1.0");
	assert_answer("systemctl show --value -p LoadState extra.service", "not-found");
	outcome_free(&outcome);
	guest_sight_free(&before);
}

/* Once as a part of the service, then as a service of its own. */
Test(host, a_rollback_does_not_start_a_unit_that_only_the_newer_release_had)
{
	static const char artifact[] =
		"[artifact extra.service]\ninstall = /etc/systemd/system/extra.service\n";
	static const char unit[] = "[Unit]\nPartOf=bangerd.service\n"
				   "[Service]\nExecStart=/bin/sleep infinity\n";

	guest_boot(&guest, &(struct guest_options){.sections = artifact});
	guest_publish_more(&guest, &(struct world_release){
					   .version = "0.2.0",
					   .migrations = 2,
					   .more = {.name = "extra.service", .text = unit},
				   });
	update_and_go_back();
	/* It is in the configuration before it is on the host. */
	machine_write(&guest.machine, GUEST_INI ".d/extra.ini", "[service extra.service]\n");
	update_and_go_back();
}

/* ---- processes that live on -------------------------------------------------------------------
 */

#define CHILD                                                                                      \
	"ExecStartPost=/bin/sh -c 'test -e /run/child || { sleep 3600 & echo $! >/run/child; }'\n"

Test(host, a_child_outlives_an_update_and_a_rollback)
{
	guest_boot(&guest,
		   &(struct guest_options){.unit_lines = "KillMode=process\n"
							 "RuntimeDirectoryPreserve=yes\n" CHILD,
					   .service_keys = "keeps_children = yes"});
	publish("0.2.0", "unhealthy");
	expect(4, "0.1.0");
	assert_answer("kill -0 $(cat /run/child) && echo lives", "lives");
	publish("0.3.0", NULL);
	expect(0, "0.3.0");
	assert_answer("kill -0 $(cat /run/child) && echo lives", "lives");
}

Test(host, a_unit_that_would_end_a_child_that_has_to_live_on_is_refused)
{
	guest_boot(&guest, &(struct guest_options){.service_keys = "keeps_children = yes"});
	publish("0.2.0", NULL);
	expect_refusal(EXPECTED(2, "preflight", "KillMode=control-group", "KillMode=process"));
}

/* ---- who started it ---------------------------------------------------------------------------
 */

Test(host, an_update_that_the_daemon_started_is_not_stopped_with_the_daemon)
{
	guest_boot(&guest, &(struct guest_options){0});
	publish("0.2.0", NULL);
	struct guest_sight before = guest_look(&guest);
	struct outcome outcome = machine_shell(
		&guest.machine,
		"echo $$ >/sys/fs/cgroup/system.slice/bangerd.service/cgroup.procs || exit 99\n"
		"grep -q /bangerd.service$ /proc/self/cgroup || exit 98\n"
		"exec banger-update --json");

	cr_assert_eq(outcome.exit_code, 0, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	guest_assert_runs(&guest, &before, "0.2.0");
	outcome_free(&outcome);
	guest_sight_free(&before);
}

/* ---- a user's manager -------------------------------------------------------------------------
 */

#define HOME "home/tester"
#define AS_TESTER                                                                                  \
	"setpriv --reuid=1234 --regid=1234 --clear-groups env HOME=/" HOME                         \
	" XDG_RUNTIME_DIR=/run/user/1234 "

static void add_user(void)
{
	char *passwd = machine_path(&guest.machine, "etc/passwd");
	char *group = machine_path(&guest.machine, "etc/group");
	char *text = scratch_read(passwd);
	char *more = NULL;

	must(asprintf(&more, "%stester:*:1234:1234::/" HOME ":/bin/sh\n", text) > 0);
	scratch_write(passwd, more);
	free(text);
	free(more);
	text = scratch_read(group);
	must(asprintf(&more, "%stester:x:1234:\n", text) > 0);
	scratch_write(group, more);
	free(text);
	free(more);
	free(passwd);
	free(group);
}

/* All of the guest's once more, below a home directory. */
static void install_for_user(void)
{
	char *home = machine_path(&guest.machine, HOME);
	char *bin = machine_path(&guest.machine, HOME "/bin");
	char *lib = machine_path(&guest.machine, HOME "/lib");
	char *database = path_directory(guest.world.database);

	add_user();
	machine_copy(&guest.machine, guest.world.bin, HOME "/bin");
	machine_copy(&guest.machine, database, HOME "/lib");
	machine_write(&guest.machine, HOME "/.config/systemd/user/bangerd.service",
		      "[Service]\nType=notify\nExecStart=%h/bin/bangerd --database "
		      "%h/lib/state.db --socket %t/socket\n");
	machine_write(&guest.machine, HOME "/banger.ini",
		      "[update]\nproduct = banger\nmanifest = http://127.0.0.1:8080/manifest.json\n"
		      "keys = /etc/banger-update/keys.d\nmanager = systemd\n"
		      "installed = /" HOME "/bin/banger --version\nretries = 0\n"
		      "state_dir = /" HOME "/state\nstatus_file = /" HOME "/state/status.json\n"
		      "[artifact bangerd]\ninstall = /" HOME "/bin/bangerd\n"
		      "[artifact banger]\ninstall = /" HOME "/bin/banger\n"
		      "[service bangerd.service]\nbinary = bangerd\n"
		      "[database state]\npath = /" HOME "/lib/state.db\n"
		      "[health]\ncommand = /" HOME "/bin/banger doctor --socket "
		      "/run/user/1234/socket --database /" HOME "/lib/state.db\n"
		      "interval = 100ms\ntimeout = 2s\nsettle = 300ms\n"
		      "[preflight]\nplugin_dir = /usr/lib/banger-update/preflight.d\n"
		      "[plugin schema-migration]\ncommand = {stage}/bangerd --check-migrations "
		      "--database /" HOME "/lib/state.db\n");
	run_or_fail((const char *const[]){"/bin/chown", "-R", "1234:1234", home, NULL});
	free(home);
	free(bin);
	free(lib);
	free(database);
}

Test(host, a_user_updates_a_service_of_their_own_manager)
{
	guest_make(&guest, &(struct guest_options){0});
	install_for_user();
	machine_boot(&guest.machine);
	free(machine_ask(&guest.machine, "systemctl start user@1234.service"));
	free(machine_ask(&guest.machine, AS_TESTER "systemctl --user start bangerd.service"));
	char *before = machine_ask(&guest.machine,
				   AS_TESTER "systemctl --user show --value -p InvocationID "
					     "bangerd.service");
	char *of_root = guest_show(&guest, "bangerd.service", "InvocationID");

	publish("0.2.0", "unhealthy");
	struct outcome outcome = machine_shell(&guest.machine, AS_TESTER
					       "banger-update --config /" HOME "/banger.ini");

	cr_assert_eq(outcome.exit_code, 4, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	outcome_free(&outcome);
	publish("0.3.0", NULL);
	outcome = machine_shell(&guest.machine,
				AS_TESTER "banger-update --config /" HOME "/banger.ini");
	cr_assert_eq(outcome.exit_code, 0, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	char *after = machine_ask(&guest.machine,
				  AS_TESTER "systemctl --user show --value -p InvocationID "
					    "bangerd.service");

	cr_assert_str_neq(before, after);
	assert_answer("/" HOME "/bin/banger --version", "banger 0.3.0");
	assert_answer("/usr/local/bin/banger --version", "banger 0.1.0");
	cr_assert(guest_is(&guest, "bangerd.service", "InvocationID", of_root),
		  "root's was restarted");
	outcome_free(&outcome);
	free(before);
	free(after);
	free(of_root);
}
