/*
 * test_bangerd.c - bangerd as a process: its modes, its socket, and whatever clients do to it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"
#include "daemon/daemon.h"
#include "daemon/migrations.h"
#include "daemon_fixture.h"
#include "database_fixture.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *path;

static void set_up(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "state.db");
}

static void tear_down(void)
{
	scratch_remove(&scratch);
	free(path);
}

TestSuite(bangerd, .init = set_up, .fini = tear_down);

/* Runs bangerd with one option on path. */
static void expect_mode(const char *mode, int code, const char *printed)
{
	const char *argv[] = {BANGERD, "--database", path, mode, NULL};
	auto_free char *text = NULL;
	int got = program_run(argv, &text);

	cr_assert_eq(got, code, "exit %d: %s", got, text);
	cr_assert_not_null(strstr(text, printed), "%s", text);
}

static void expect_check(int code, const char *line)
{
	auto_free char *before = scratch_listing(scratch.path, NULL);

	expect_mode("--check-migrations", code, line);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
}

/* --check-migrations */

Test(bangerd, a_fully_migrated_database_checks_as_compatible)
{
	database_run(path, RECORD_OF("1,2,3"));
	expect_check(0, "compatible: ");
}

Test(bangerd, pending_migrations_are_listed_in_words_that_are_a_contract)
{
	database_run(path, RECORD_OF("1,2"));
	expect_check(1, "migrations needed: pending [3] (binary will apply on first Open)\n");
}

Test(bangerd, a_database_without_a_record_needs_all_migrations)
{
	database_run(path, "CREATE TABLE other (x)");
	expect_check(1, "migrations needed: pending [1 2 3] ");
}

Test(bangerd, a_newer_database_checks_as_incompatible)
{
	database_run(path, RECORD_OF("1,2,3,99"));
	expect_check(2, "incompatible: the database has unknown [99] ");
}

Test(bangerd, many_unknown_migrations_are_counted)
{
	database_run(path, "CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY);"
			   "INSERT INTO schema_migrations SELECT value FROM " SERIES("100"));
	expect_check(2, "and 81 more");
}

Test(bangerd, a_database_that_cannot_be_read_is_an_error_and_no_answer)
{
	expect_check(3, "bangerd: error: ");
	scratch_write(path, "no database at all, but long enough to be one, or so one might think, "
			    "if one did not look at it closely");
	expect_check(3, "not a database");
}

static int left_with = -1;

static void remember(int code)
{
	left_with = code;
}

Test(bangerd, the_exit_of_a_check_can_be_captured)
{
	const struct daemon_hooks hooks = {.exit = remember};
	const struct daemon_release release = {"1.0.0", banger_migrations, &hooks};
	char program[] = "bangerd";
	char option[] = "--database";
	char mode[] = "--check-migrations";
	char *argv[] = {program, option, path, mode, NULL};

	database_run(path, RECORD_OF("1,99"));
	(void)bangerd_main(4, argv, &release);
	cr_assert_eq(left_with, 2);
}

/* --migrate */

Test(bangerd, migrating_applies_what_is_pending)
{
	expect_mode("--migrate", 0, "");
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 3);
	expect_check(0, "compatible: ");
}

Test(bangerd, a_migration_that_fails_on_the_data_exits_with_two)
{
	database_run(path, RECORD_OF("1") "CREATE TABLE images (id TEXT);"
					  "CREATE TABLE vms (id TEXT)");
	expect_mode("--migrate", 2, "migration 2 (drop_images_docker)");
	cr_assert_eq(database_number(path, "SELECT max(id) FROM schema_migrations"), 1);
}

Test(bangerd, migrating_a_newer_database_exits_with_two)
{
	database_run(path, RECORD_OF("1,2,3,99"));
	expect_mode("--migrate", 2, "does not know");
}

Test(bangerd, migrating_what_is_no_database_exits_with_three)
{
	scratch_directory(path);
	expect_mode("--migrate", 3, "bangerd: error: ");
}

/* The command line */

Test(bangerd, the_version_is_printed)
{
	expect_mode("--version", 0, "bangerd 0.1.0\n");
}

Test(bangerd, wrong_usage_exits_with_sixty_four)
{
	static const char *const wrong[] = {"--nonsense", "extra", "--database"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		expect_mode(wrong[i], 64, "Usage: ");
	}
	const char *argv[] = {BANGERD, "--migrate", "--check-migrations", NULL};

	cr_assert_eq(program_run(argv, NULL), 64);
}

/* Running */

Test(bangerd, it_answers_migrates_and_stops_without_a_trace)
{
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	auto_free char *pong = daemon_ask(daemon.socket, "{\"method\":\"ping\"}\n");
	auto_free char *version = daemon_ask(daemon.socket, "{\"method\":\"version\"}\n");
	auto_free char *list = daemon_ask(daemon.socket, "{\"method\":\"operations.list\"}\n");
	auto_free char *socket = strdup(daemon.socket);

	cr_assert_str_eq(pong, "{\"result\":\"pong\"}");
	cr_assert_str_eq(version, "{\"result\":\"0.1.0\"}");
	cr_assert_str_eq(list, "{\"result\":[]}");
	cr_assert_eq(kill(daemon.pid, SIGTERM), 0);
	auto_free char *told = daemon_told(&daemon);

	cr_assert_str_eq(told, "STOPPING=1");
	cr_assert_eq(daemon_end(&daemon, 0), 0);
	cr_assert_not(scratch_exists(socket));
	auto_free char *wal = scratch_path(&scratch, "state.db-wal");

	cr_assert_not(scratch_exists(wal), "the database was not closed");
	cr_assert_eq(database_number(path, "SELECT count(*) FROM schema_migrations"), 3);
}

Test(bangerd, an_interrupt_stops_it_as_well)
{
	struct test_daemon daemon = daemon_start(&scratch, NULL);

	cr_assert_eq(daemon_end(&daemon, SIGINT), 0);
}

Test(bangerd, the_socket_that_a_killed_daemon_left_is_replaced)
{
	struct test_daemon killed = daemon_start(&scratch, NULL);
	auto_free char *socket = strdup(killed.socket);

	cr_assert_eq(daemon_end(&killed, SIGKILL), 128 + SIGKILL);
	cr_assert(scratch_exists(socket));
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	auto_free char *pong = daemon_ask(daemon.socket, "{\"method\":\"ping\"}\n");

	cr_assert_str_eq(pong, "{\"result\":\"pong\"}");
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(bangerd, a_second_daemon_gives_way_to_the_first)
{
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	const char *argv[] = {BANGERD, "--database", path, "--socket", daemon.socket, NULL};
	auto_free char *text = NULL;

	cr_assert_eq(program_run(argv, &text), 3, "%s", text);
	cr_assert_not_null(strstr(text, "another daemon"), "%s", text);
	auto_free char *pong = daemon_ask(daemon.socket, "{\"method\":\"ping\"}\n");

	cr_assert_str_eq(pong, "{\"result\":\"pong\"}");
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

static void expect_start_refused(const char *socket, int code, const char *word)
{
	const char *argv[] = {BANGERD, "--database", path, "--socket", socket, NULL};
	auto_free char *text = NULL;
	int got = program_run(argv, &text);

	cr_assert_eq(got, code, "exit %d: %s", got, text);
	cr_assert_not_null(strstr(text, word), "%s", text);
}

Test(bangerd, a_newer_database_is_not_opened)
{
	auto_free char *socket = scratch_path(&scratch, "s");

	database_run(path, RECORD_OF("1,2,3,99"));
	auto_free char *before = scratch_read(path);

	expect_start_refused(socket, 2, "[99]");
	auto_free char *after = scratch_read(path);

	cr_assert_str_eq(after, before);
	cr_assert_not(scratch_exists(socket));
}

Test(bangerd, a_file_in_place_of_the_socket_is_not_removed)
{
	auto_free char *socket = scratch_path(&scratch, "s");

	scratch_write(socket, "precious");
	expect_start_refused(socket, 3, "not a socket");
	auto_free char *content = scratch_read(socket);

	cr_assert_str_eq(content, "precious");
	cr_assert_not(scratch_exists(path), "the database was opened before the socket");
}

Test(bangerd, a_socket_name_that_is_too_long_is_told)
{
	char name[200];

	memset(name, 's', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	expect_start_refused(name, 3, "characters");
}

/* Clients */

struct request {
	char line[64];
	char code[16];
};

Test(bangerd, every_wrong_line_is_answered_and_the_connection_lives_on)
{
	static const struct request wrong[] = {
		{"{\"method\":\"nonsense\"}", "unknown-method"},
		{"{\"method\":\"ping\",\"method\":\"version\"}", "bad-request"},
		{"{\"method\":1}", "bad-request"},
		{"[]", "bad-request"},
		{"", "bad-request"},
		{"{", "bad-request"},
		{"\xff\xfe\x01", "bad-request"},
		{"{\"method\":\"ping\"} trailing", "bad-request"},
	};
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	auto_close int fd = daemon_connect(daemon.socket);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *line = wrong[i].line;

		cr_assert_eq(send(fd, line, strlen(line), 0), (ssize_t)strlen(line));
		cr_assert_eq(send(fd, "\n", 1, 0), 1);
		auto_free char *reply = daemon_line(fd);

		cr_assert_not_null(reply, "closed after %s", line);
		cr_assert_not_null(strstr(reply, wrong[i].code), "%s: %s", line, reply);
	}
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(bangerd, half_lines_are_put_together_and_many_lines_taken_apart)
{
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	auto_close int fd = daemon_connect(daemon.socket);

	cr_assert_eq(send(fd, "{\"meth", 6, 0), 6);
	auto_free char *other = daemon_ask(daemon.socket, "{\"method\":\"ping\"}\n");

	cr_assert_not_null(other);
	static const char rest[] = "od\":\"ping\"}\n{\"method\":\"version\"}\n{\"method\":\"x\"}\n";

	cr_assert_eq(send(fd, rest, strlen(rest), 0), (ssize_t)strlen(rest));
	auto_free char *first = daemon_line(fd);
	auto_free char *second = daemon_line(fd);
	auto_free char *third = daemon_line(fd);

	cr_assert_str_eq(first, "{\"result\":\"pong\"}");
	cr_assert_str_eq(second, "{\"result\":\"0.1.0\"}");
	cr_assert_not_null(strstr(third, "unknown-method"));
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(bangerd, a_line_without_an_end_is_refused)
{
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	auto_close int fd = daemon_connect(daemon.socket);
	char *line = malloc(LIMIT_REQUEST);

	memset(line, ' ', LIMIT_REQUEST);
	cr_assert_eq(send(fd, line, LIMIT_REQUEST, MSG_NOSIGNAL), (ssize_t)LIMIT_REQUEST);
	free(line);
	auto_free char *reply = daemon_line(fd);

	cr_assert_not_null(strstr(reply, "too-long"), "%s", reply);
	cr_assert_null(daemon_line(fd));
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(bangerd, a_client_that_takes_no_replies_does_not_keep_the_others_waiting)
{
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	auto_close int deaf = daemon_connect(daemon.socket);
	static const char line[] = "{\"method\":\"nonsense\"}\n";

	/* Until nothing more goes in: the daemon has stopped reading from it. */
	while (send(deaf, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
		continue;
	}
	auto_free char *pong = daemon_ask(daemon.socket, "{\"method\":\"ping\"}\n");

	cr_assert_str_eq(pong, "{\"result\":\"pong\"}");
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(bangerd, a_hundred_silent_clients_do_not_lock_out_the_next)
{
	enum {
		SILENT = 100
	};
	struct test_daemon daemon = daemon_start(&scratch, NULL);
	int silent[SILENT];

	for (int i = 0; i < SILENT; i++) {
		silent[i] = daemon_connect(daemon.socket);
	}
	auto_free char *pong = daemon_ask(daemon.socket, "{\"method\":\"ping\"}\n");

	cr_assert_str_eq(pong, "{\"result\":\"pong\"}");
	for (int i = 0; i < SILENT; i++) {
		close(silent[i]);
	}
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

/* Other releases of the same daemon */

static int fail_to_get_ready(struct error *err)
{
	return error_set(err, -ENODEV, "the device is gone");
}

static json_t *feel_sick(const char *method)
{
	if (strcmp(method, "ping") != 0) {
		return NULL;
	}
	return json_pack("{s:{s:s,s:s}}", "error", "code", "unhealthy", "text", "not well");
}

Test(bangerd, a_release_may_answer_in_its_own_way)
{
	const struct daemon_hooks hooks = {.answer = feel_sick};
	const struct daemon_release release = {"7.8.9", banger_migrations, &hooks};
	struct test_daemon daemon = daemon_start(&scratch, &release);
	auto_free char *pong = daemon_ask(daemon.socket, "{\"method\":\"ping\"}\n");
	auto_free char *version = daemon_ask(daemon.socket, "{\"method\":\"version\"}\n");

	cr_assert_not_null(strstr(pong, "not well"), "%s", pong);
	cr_assert_str_eq(version, "{\"result\":\"7.8.9\"}");
	cr_assert_eq(daemon_end(&daemon, SIGTERM), 0);
}

Test(bangerd, a_release_may_fail_before_it_is_ready)
{
	const struct daemon_hooks hooks = {.before_ready = fail_to_get_ready};
	const struct daemon_release release = {"7.8.9", banger_migrations, &hooks};
	auto_free char *socket = scratch_path(&scratch, "s");
	pid_t pid = fork();

	if (pid == 0) {
		char words[][16] = {"bangerd", "--database", "--socket"};
		char *argv[] = {words[0], words[1], path, words[2], socket, NULL};

		alarm(60);
		_exit(bangerd_main(5, argv, &release));
	}
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	cr_assert_not(scratch_exists(socket));
}
