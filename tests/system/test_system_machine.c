/*
 * test_system_machine.c - the machines of these tests themselves: they are real, they forget what
 * was not written when the power fails, and they leave nothing behind, whatever becomes of a test.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/world_parts.h"
#include "system/machine.h"

static struct machine machine;

static void end(void)
{
	machine_finish(&machine);
}

TestSuite(machine, .fini = end, .timeout = 120);

static void assert_answer(const char *command, const char *expected)
{
	char *answer = machine_ask(&machine, command);

	cr_assert_str_eq(answer, expected, "%s: '%s'", command, answer);
	free(answer);
}

Test(machine, is_one_where_systemd_runs_and_nothing_has_failed)
{
	machine_make(&machine, NULL);
	machine_unit(&machine, "hello.service", "multi-user.target",
		     "[Service]\nExecStart=/bin/sleep infinity\n");
	machine_boot(&machine);
	assert_answer("cat /proc/1/comm", "systemd");
	assert_answer("systemctl is-system-running", "running");
	assert_answer("systemctl is-active hello.service", "active");
	assert_answer("busctl get-property org.freedesktop.login1 /org/freedesktop/login1 "
		      "org.freedesktop.login1.Manager IdleHint | cut -d' ' -f1",
		      "b");
	machine_off(&machine);
	machine_boot(&machine);
	assert_answer("systemctl is-active hello.service", "active");
}

/* What was synced is there after the power failed; what only was written is not. */
static void lose_power(const char *type, enum cut cut)
{
	machine_make(&machine, type);
	machine_boot(&machine);
	free(machine_ask(&machine, "echo kept >/var/lib/kept && sync /var/lib/kept /var/lib && "
				   "echo lost >/var/lib/lost"));
	machine_power_cut(&machine, cut);
	machine_boot(&machine);
	assert_answer("cat /var/lib/kept", "kept");
	assert_answer("cat /var/lib/lost 2>/dev/null || echo", "");
	assert_answer("systemctl is-system-running", "running");
}

Test(machine, forgets_what_was_not_written_when_the_power_fails_ext4)
{
	lose_power("ext4", CUT_ALL);
}

Test(machine, forgets_what_was_not_written_when_the_power_fails_xfs)
{
	lose_power("xfs", CUT_DATA);
}

/* In a process of its own: tells what it has, and waits to be killed. */
__attribute__((noreturn)) static void boot_and_wait(int tell)
{
	machine_make(&machine, NULL);
	machine_boot(&machine);
	(void)dprintf(tell, "%d\n%s\n", (int)machine.leader, machine.scratch.path);
	for (size_t i = 0; i < machine.cgroups.count; i++) {
		(void)dprintf(tell, "%s\n", machine.cgroups.paths[i]);
	}
	(void)close(tell);
	for (;;) {
		(void)pause();
	}
}

static bool is_there(const char *what)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.20s/cmdline", what);
	if (what[0] == '/') {
		return scratch_exists(what);
	}
	/* Whoever is dead and not yet reaped has none. */
	FILE *file = fopen(path, "re");
	bool has_words = file != NULL && fgetc(file) != EOF;

	if (file != NULL) {
		(void)fclose(file);
	}
	return has_words;
}

Test(machine, is_gone_when_its_test_is_killed)
{
	char text[4096] = {0};
	int ends[2];
	struct machine probe;

	/* Where there can be none this test is skipped, too, before it has a child. */
	machine_make(&probe, NULL);
	machine_finish(&probe);
	must(pipe(ends) == 0);
	pid_t test = fork();

	if (test == 0) {
		(void)close(ends[0]);
		boot_and_wait(ends[1]);
	}
	(void)close(ends[1]);
	FILE *file = fdopen(ends[0], "r");
	size_t length = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;

	must(length > 0 && fclose(file) == 0 && kill(test, SIGKILL) == 0);
	must(waitpid(test, NULL, 0) == test);
	for (char *what = strtok(text, "\n"); what != NULL; what = strtok(NULL, "\n")) {
		uint64_t deadline = clock_deadline(20000);

		while (is_there(what)) {
			cr_assert_gt(clock_left(deadline), 0, "%s is still there", what);
			(void)usleep(2000);
		}
	}
}
