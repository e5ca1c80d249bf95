/*
 * test_health.c - the health command's answers, and what counts as no worse than before.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "service/health.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct error err;
static struct health health;
static const struct command_values values = {.root = ""};

static void set_up(void)
{
	scratch = scratch_make();
	health = (struct health){.interval_ms = 10, .timeout_ms = 20000};
}

static void tear_down(void)
{
	command_finish(&health.command);
	scratch_remove(&scratch);
}

TestSuite(health, .init = set_up, .fini = tear_down, .timeout = 60);

/* The health command is a shell script with this body. */
static void doctor(const char *body)
{
	char *path = scratch_path(&scratch, "doctor");
	char *script = NULL;
	char *line = NULL;

	cr_assert(asprintf(&script, "#!/bin/sh\ncd %s\n%s\n", scratch.path, body) >= 0);
	scratch_write_bytes(path, script, strlen(script), 0755);
	cr_assert(asprintf(&line, "\"%s\"", path) >= 0);
	command_finish(&health.command);
	cr_assert(command_parse(line, &health.command, &err) == 0, "%s", err.text);
	free(line);
	free(script);
	free(path);
}

static struct health_answer ask(const char *body)
{
	struct health_answer answer;

	doctor(body);
	cr_assert(health_ask(&health, &values, 20000, 0, &answer, &err) == 0, "%s", err.text);
	return answer;
}

Test(health, exit_0_is_healthy)
{
	struct health_answer answer = ask("echo all is well");

	cr_assert(answer.healthy && answer.complete && answer.failed.count == 0);
	cr_assert_not_null(strstr(answer.text, "all is well"));
	health_answer_finish(&answer);
}

Test(health, what_fails_is_named_once_each)
{
	struct health_answer answer = ask("echo 'ok store: fine'; echo 'fail disk: full';"
					  "echo 'fail kvm: no /dev/kvm'; echo 'fail disk: again';"
					  "echo 'fail to plan is to plan to fail'; exit 1");

	cr_assert(!answer.healthy && answer.complete);
	cr_assert(answer.failed.count == 2);
	cr_assert_str_eq(answer.failed.items[0], "disk");
	cr_assert_str_eq(answer.failed.items[1], "kvm");
	health_answer_finish(&answer);
}

Test(health, the_text_tells_what_fails_and_not_what_is_well)
{
	struct health_answer answer =
		ask("echo 'fail disk: full'; echo 'fail to plan'; echo 'fail: nameless';"
		    "echo 'fail kvm: gone'; echo 'ok store: fine'; exit 1");

	cr_assert_str_eq(answer.text, "exited with 1: fail disk: full; fail kvm: gone");
	health_answer_finish(&answer);
}

Test(health, the_text_is_bounded_whatever_fails)
{
	struct health_answer answer =
		ask("for i in $(seq 400); do echo \"fail disk$i: full\"; done; exit 1");

	cr_assert_lt(strlen(answer.text), 500);
	cr_assert_not_null(strstr(answer.text, "fail disk1: full; fail disk2: full"));
	health_answer_finish(&answer);
}

Test(health, the_exit_code_decides_and_not_the_lines)
{
	struct health_answer answer = ask("echo 'fail disk: nearly full'");

	cr_assert(answer.healthy);
	health_answer_finish(&answer);
}

Test(health, a_command_that_is_not_set_is_healthy)
{
	struct health_answer answer;

	cr_assert(health_ask(&health, &values, 1000, 0, &answer, &err) == 0);
	cr_assert(answer.healthy);
	health_answer_finish(&answer);
	cr_assert(health_wait(&health, &values, NULL, 0, NULL, NULL, &err) == 0);
}

Test(health, a_command_that_hangs_is_ended_and_its_list_is_not_complete)
{
	struct health_answer answer;

	doctor("echo 'fail disk: full'; sleep 50");
	cr_assert(health_ask(&health, &values, 300, 0, &answer, &err) == 0, "%s", err.text);
	cr_assert(!answer.healthy && !answer.complete);
	cr_assert_not_null(strstr(answer.text, "did not end"), "%s", answer.text);
	health_answer_finish(&answer);
}

Test(health, a_command_that_is_not_there_is_an_error)
{
	struct health_answer answer;

	cr_assert(command_parse("/nowhere/doctor", &health.command, &err) == 0);
	cr_assert(health_ask(&health, &values, 1000, 0, &answer, &err) == -ENOENT);
}

Test(health, what_a_command_writes_reaches_no_terminal_unchecked)
{
	struct health_answer answer = ask("printf 'fail \\033[2Jdisk: \\007\\n'; exit 1");

	cr_assert_null(strchr(answer.text, '\033'));
	cr_assert(answer.failed.count == 1);
	cr_assert_null(strchr(answer.failed.items[0], '\033'));
	health_answer_finish(&answer);
}

Test(health, a_flood_of_output_is_bounded_and_not_complete)
{
	struct health_answer answer =
		ask("i=0; while [ $i -lt 5000 ]; do echo \"fail check$i: no\"; i=$((i+1)); done;"
		    "exit 1");

	cr_assert(!answer.healthy && !answer.complete);
	cr_assert(answer.failed.count <= 64);
	health_answer_finish(&answer);
}

Test(health, waiting_ends_with_the_first_good_answer)
{
	doctor("test -e second && exit 0; test -e first && touch second; touch first; exit 1");
	cr_assert(health_wait(&health, &values, NULL, 0, NULL, NULL, &err) == 0, "%s", err.text);
}

Test(health, waiting_is_bounded_and_tells_the_last_answer)
{
	health.timeout_ms = 200;
	doctor("echo 'fail disk: full'; exit 7");
	cr_assert(health_wait(&health, &values, NULL, 0, NULL, NULL, &err) == -ETIMEDOUT);
	cr_assert_not_null(strstr(err.text, "exited with 7: fail disk: full"), "%s", err.text);
}

Test(health, what_failed_before_may_fail_again)
{
	struct health_answer before = ask("echo 'fail kvm: none'; echo 'fail disk: x'; exit 1");

	doctor("echo 'fail kvm: other words'; exit 1");
	cr_assert(health_wait(&health, &values, &before, 0, NULL, NULL, &err) == 0, "%s", err.text);
	health_answer_finish(&before);
}

Test(health, what_did_not_fail_before_may_not_fail_now)
{
	struct health_answer before = ask("echo 'fail kvm: none'; exit 1");

	health.timeout_ms = 200;
	doctor("echo 'fail kvm: none'; echo 'fail disk: full'; exit 1");
	cr_assert(health_wait(&health, &values, &before, 0, NULL, NULL, &err) == -ETIMEDOUT);
	health_answer_finish(&before);
}

Test(health, a_failure_without_names_is_never_the_same_as_before)
{
	struct health_answer before = ask("exit 1");
	struct health_answer now = ask("exit 1");

	cr_assert(!health_is_no_worse(&now, &before));
	health_answer_finish(&before);
	health_answer_finish(&now);
}

Test(health, a_list_that_was_cut_off_is_never_no_worse)
{
	struct health_answer before = ask("echo 'fail kvm: none'; exit 1");
	struct health_answer now = ask("echo 'fail kvm: none'; kill -9 $$");

	cr_assert(!now.complete && now.failed.count == 1);
	cr_assert(!health_is_no_worse(&now, &before));
	health_answer_finish(&before);
	health_answer_finish(&now);
}

static int third_time_dead(void *data, struct error *error)
{
	int *calls = data;

	return ++*calls < 3 ? 0 : error_set(error, -ESRCH, "the daemon is gone");
}

Test(health, a_daemon_that_died_is_not_waited_for)
{
	uint64_t began = clock_monotonic_ms();
	int calls = 0;

	doctor("exit 1");
	cr_assert(health_wait(&health, &values, NULL, 0, third_time_dead, &calls, &err) == -ESRCH);
	cr_assert_str_eq(err.text, "the daemon is gone");
	cr_assert(calls == 3);
	cr_assert(clock_monotonic_ms() - began < health.timeout_ms / 2);
}

/* A descriptor that can be read. */
static int interrupt(void)
{
	int ends[2];

	cr_assert(pipe(ends) == 0 && close(ends[1]) == 0);
	return ends[0];
}

Test(health, an_interrupt_ends_a_command_that_hangs)
{
	int interrupts = interrupt();
	uint64_t began = clock_monotonic_ms();

	doctor("exec sleep 60");
	cr_assert_eq(health_wait(&health, &values, NULL, interrupts, NULL, NULL, &err), -EINTR);
	cr_assert(clock_monotonic_ms() - began < health.timeout_ms / 2);
	cr_assert_not_null(strstr(err.text, "interrupted while"), "%s", err.text);
	cr_assert(close(interrupts) == 0);
}

/* The answer comes first, and makes the descriptor readable. */
Test(health, an_interrupt_ends_the_wait_between_two_questions)
{
	char *path = scratch_path(&scratch, "interrupt");
	int interrupts = -1;
	uint64_t began = clock_monotonic_ms();

	cr_assert(mkfifo(path, 0600) == 0);
	interrupts = open(path, O_RDWR | O_CLOEXEC);
	doctor("echo now > interrupt; echo still sick; exit 1");
	health.interval_ms = 15000;
	cr_assert_eq(health_wait(&health, &values, NULL, interrupts, NULL, NULL, &err), -EINTR);
	cr_assert(clock_monotonic_ms() - began < health.interval_ms / 2);
	cr_assert(close(interrupts) == 0);
	free(path);
}
