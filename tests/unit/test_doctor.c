/*
 * test_doctor.c - `banger doctor`: each check alone, and bounded when the daemon is silent.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/process.h"
#include "daemon/listener.h"
#include "daemon/migrations.h"
#include "daemon_fixture.h"
#include "database_fixture.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *database;
static char *bangerd_socket;

static void set_up(void)
{
	scratch = scratch_make();
	database = scratch_path(&scratch, "state.db");
	bangerd_socket = scratch_path(&scratch, "bangerd.sock");
}

static void tear_down(void)
{
	scratch_remove(&scratch);
	free(database);
	free(bangerd_socket);
}

TestSuite(doctor, .init = set_up, .fini = tear_down);

static char *examine(int expected)
{
	const char *argv[] = {BANGER,       "doctor", "--socket", bangerd_socket,
			      "--database", database, NULL};
	char *text = NULL;
	int code = program_run(argv, &text);

	cr_assert_eq(code, expected, "exit %d: %s", code, text);
	return text;
}

static void expect_lines(const char *text, const char *socket, const char *version,
			 const char *store)
{
	const char *first = strstr(text, socket);
	const char *second = strstr(text, version);
	const char *third = strstr(text, store);

	cr_assert(first == text && second != NULL && third != NULL, "%s", text);
	cr_assert(second[-1] == '\n' && third[-1] == '\n', "%s", text);
}

Test(doctor, a_healthy_daemon_passes_every_check)
{
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	auto_free char *text = examine(0);

	expect_lines(text, "ok socket: ", "ok version: ", "ok store: ");
	cr_assert_null(strstr(text, "fail"), "%s", text);
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(doctor, without_a_daemon_every_failure_is_listed)
{
	auto_free char *text = examine(1);

	expect_lines(text, "fail socket: ", "fail version: ", "fail store: ");
}

Test(doctor, a_database_alone_is_not_enough)
{
	database_run(database, RECORD_OF("1,2,3"));
	auto_free char *text = examine(1);

	expect_lines(text, "fail socket: ", "fail version: ", "ok store: ");
}

Test(doctor, a_daemon_of_another_version_is_told)
{
	const struct daemon_release release = {"0.0.9", banger_migrations, NULL};
	struct test_daemon daemon = daemon_start(&scratch, &release);
	auto_free char *text = examine(1);

	expect_lines(text, "ok socket: ", "fail version: ", "ok store: ");
	cr_assert_not_null(strstr(text, "0.0.9"), "%s", text);
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(doctor, a_daemon_that_left_migrations_pending_is_told)
{
	const struct daemon_release release = {"0.1.0", {banger_migrations.items, 2}, NULL};
	struct test_daemon daemon = daemon_start(&scratch, &release);
	auto_free char *text = examine(1);

	expect_lines(text, "ok socket: ", "ok version: ", "fail store: ");
	cr_assert_not_null(strstr(text, "[3]"), "%s", text);
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(doctor, a_newer_database_is_told)
{
	database_run(database, RECORD_OF("1,2,3,99"));
	auto_free char *text = examine(1);

	cr_assert_not_null(strstr(text, "fail store: the database has migrations [99]"), "%s",
			   text);
}

static json_t *complain(const char *method)
{
	if (strcmp(method, "ping") != 0) {
		return NULL;
	}
	return json_pack("{s:{s:s,s:s}}", "error", "code", "unhealthy", "text", "disk is on fire");
}

Test(doctor, what_a_daemon_complains_of_is_told)
{
	const struct daemon_hooks hooks = {.answer = complain};
	const struct daemon_release release = {"0.1.0", banger_migrations, &hooks};
	struct test_daemon daemon = daemon_start(&scratch, &release);
	auto_free char *text = examine(1);

	expect_lines(text, "fail socket: ", "ok version: ", "ok store: ");
	cr_assert_not_null(strstr(text, "disk is on fire"), "%s", text);
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(doctor, a_daemon_that_never_answers_is_not_waited_for_forever)
{
	auto_listener struct listener silent = LISTENER_INIT;
	struct error error;

	cr_assert_eq(listener_open(bangerd_socket, &silent, &error), 0, "%s", error.text);
	auto_free char *text = examine(1);

	cr_assert_not_null(strstr(text, "fail socket: no answer"), "%s", text);
}

/* In the environment that the updater gives its health command. A line "fail NAME" would be one
 * that failed before as well. */
Test(doctor, not_to_know_whom_to_ask_is_no_failure_of_the_daemon)
{
	struct strings argv = {0};
	struct process_result result = {0};
	struct error error;

	cr_assert(strings_add(&argv, BANGER) == 0 && strings_add(&argv, "doctor") == 0);
	cr_assert_eq(process_run(&argv, 20000, &result, &error), 0, "%s", error.text);
	cr_assert_eq(result.status.exit_code, 3);
	cr_assert_str_eq(buffer_text(&result.output), "");
	cr_assert_not_null(strstr(buffer_text(&result.errors), "--system"), "%s",
			   buffer_text(&result.errors));
	process_result_finish(&result);
	strings_finish(&argv);
}

Test(doctor, wrong_usage_exits_with_sixty_four)
{
	const char *argv[] = {BANGER, "doctor", "--nonsense", NULL};

	cr_assert_eq(program_run(argv, NULL), 64);
}
