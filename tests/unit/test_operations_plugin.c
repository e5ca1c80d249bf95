/*
 * operations: what answers mean, one question on a socket, and the whole plugin.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "operations/ask.h"
#include "operations/inflight.h"
#include "plugins/bench.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/operations/operations.so"

static int parse(const char *reply, struct strings *ret, struct error *err)
{
	return inflight_parse_reply(reply, strlen(reply), ret, err);
}

static void expect_operations(const char *reply, const char *first, size_t count)
{
	auto_strings struct strings list = {0};
	struct error err;

	cr_assert_eq(parse(reply, &list, &err), 0, "%s: %s", reply, err.text);
	cr_assert_eq(list.count, count, "%s", reply);
	if (count > 0) {
		cr_assert_str_eq(list.items[0], first);
	}
}

Test(operations, what_is_done_is_not_in_flight)
{
	expect_operations("{\"result\":[]}", NULL, 0);
	expect_operations("{\"result\":[{\"id\":17,\"kind\":\"vm.create\",\"done\":false},"
			  "{\"id\":18,\"kind\":\"vm.stop\",\"done\":true}]}",
			  "vm.create 17", 1);
	expect_operations("{\"result\":[{\"id\":\"a-b\",\"kind\":\"pull\"}]}", "pull a-b", 1);
	expect_operations("{\"result\":[{}]}", "operation ?", 1);
	expect_operations("{\"result\":[{\"done\":1}]}", "operation ?", 1);
}

Test(operations, what_is_no_answer_is_never_none)
{
	const char *const wrong[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"result\":null}",
		"{\"result\":{}}",
		"{\"result\":[17]}",
		"{\"result\":[]",
		"{\"result\":[]}x",
		"{\"result\":[],\"result\":[]}",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		auto_strings struct strings list = {0};
		struct error err;

		cr_assert_eq(parse(wrong[i], &list, &err), -EPROTO, "%s", wrong[i]);
	}
}

Test(operations, an_error_of_the_daemon_is_quoted)
{
	auto_strings struct strings list = {0};
	struct error err;

	cr_assert_eq(parse("{\"error\":{\"code\":\"x\",\"text\":\"there is no such method\"}}",
			   &list, &err),
		     -EREMOTEIO);
	cr_assert_not_null(strstr(err.text, "there is no such method"));
	cr_assert_eq(parse("{\"error\":7,\"result\":[]}", &list, &err), -EREMOTEIO);
}

Test(operations, they_are_named_as_far_as_a_sentence_goes)
{
	auto_strings struct strings list = {0};
	struct judgement judgement;

	inflight_judge(&list, 0, &judgement);
	cr_assert_eq(judgement.verdict, PF_COMPATIBLE);
	cr_assert_eq(strings_add(&list, "vm.create 1"), 0);
	inflight_judge(&list, 3000, &judgement);
	cr_assert_eq(judgement.verdict, PF_BUSY);
	cr_assert_not_null(strstr(judgement.sentence.text,
				  "1 operation is in flight after 3.0 s of waiting, and the "
				  "update would cut it off: vm.create 1"),
			   "%s", judgement.sentence.text);
	for (unsigned i = 0; i < 11; i++) {
		cr_assert_eq(strings_add(&list, "another one"), 0);
	}
	inflight_judge(&list, 0, &judgement);
	cr_assert_not_null(strstr(judgement.sentence.text, "12 operations are in flight, and"));
	cr_assert_not_null(strstr(judgement.sentence.text, " and 2 more"));
}

/* A process that answers every connection to path with reply; NULL: hangs up. */
static pid_t serve(const char *path, const char *reply)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 8), 0);
	pid_t pid = fork();

	if (pid != 0) {
		(void)close(listener);
		return pid;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		char question[256];
		int fd = accept(listener, NULL, NULL);

		if (read(fd, question, sizeof(question)) > 0 && reply != NULL) {
			(void)!write(fd, reply, strlen(reply));
			(void)!read(fd, question, 1);
		}
		(void)close(fd);
	}
}

static void end(pid_t pid)
{
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

static struct bench bench_of_operations(void)
{
	struct bench bench = bench_make();

	(void)bench_install_file(&bench, PLUGIN, "operations");
	return bench;
}

/* The command is this script. */
static void ask_script(struct bench *bench, const char *body)
{
	auto_free char *path = scratch_path(&bench->scratch, "list");
	auto_free char *text = NULL;

	cr_assert_gt(asprintf(&text, "#!/bin/sh\n%s\n", body), 0);
	scratch_write_bytes(path, text, strlen(text), 0755);
	bench_configure(bench, "operations", "command", path);
}

static const struct plugin_report *check(struct bench *bench)
{
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

/* The verdict on a daemon with this answer. */
static void expect_of_daemon(const char *reply, enum verdict verdict, const char *code,
			     const char *says)
{
	auto_bench struct bench bench = bench_of_operations();
	auto_free char *socket = scratch_path(&bench.scratch, "socket");
	pid_t daemon = serve(socket, reply);

	/* The daemon's user may speak to it, and plugins run as another one. */
	cr_assert_eq(chmod(socket, 0777), 0);
	bench_configure(&bench, "operations", "socket", socket);
	bench_expect(check(&bench), verdict, code, says);
	end(daemon);
}

Test(operations, the_daemon_is_asked_on_its_socket)
{
	expect_of_daemon("{\"result\":[]}\n", VERDICT_COMPATIBLE, "operations.none", "nothing");
	expect_of_daemon("{\"result\":[{\"id\":4,\"kind\":\"vm.create\"}]}\n", VERDICT_BUSY,
			 "operations.busy", "vm.create 4");
	expect_of_daemon("nonsense\n", VERDICT_ERROR, "operations.unknown", "no JSON");
	expect_of_daemon(NULL, VERDICT_ERROR, "operations.unknown", "hung up");
}

Test(operations, a_daemon_that_does_not_answer_is_an_error_in_time)
{
	struct scratch scratch = scratch_make();
	auto_free char *socket = scratch_path(&scratch, "socket");
	auto_buffer struct buffer reply = BUFFER_INIT(1 * KIB);
	struct error err;
	pid_t daemon = serve(socket, "no line end");

	cr_assert_eq(ask_socket(socket, clock_deadline(300), &reply, &err), -ETIMEDOUT);
	end(daemon);
	scratch_remove(&scratch);
}

Test(operations, an_answer_without_an_end_is_cut_off)
{
	struct scratch scratch = scratch_make();
	auto_free char *socket = scratch_path(&scratch, "socket");
	auto_buffer struct buffer reply = BUFFER_INIT(8);
	struct error err;
	pid_t daemon = serve(socket, "much more than eight bytes\n");

	cr_assert_eq(ask_socket(socket, clock_deadline(BENCH_PATIENCE_MS), &reply, &err), -E2BIG);
	end(daemon);
	scratch_remove(&scratch);
}

Test(operations, where_nobody_listens_it_depends_on_whether_a_service_runs)
{
	auto_bench struct bench bench = bench_of_operations();

	bench_configure(&bench, "operations", "socket", "/nowhere/socket");
	bench_expect_error(check(&bench), "operations.unknown", "/nowhere/socket");
	bench_subject(&bench, "services", "one");
	bench_expect_error(check(&bench), "operations.unknown", "/nowhere/socket");
	bench_subject(&bench, "service.one.state", "running");
	bench_expect_error(check(&bench), "operations.unknown", "/nowhere/socket");
	bench_subject(&bench, "service.one.state", "stopped");
	bench_expect(check(&bench), VERDICT_COMPATIBLE, "operations.stopped", "no service runs");
	bench_subject(&bench, "root", "/elsewhere");
	bench_subject(&bench, "service.one.state", "unwell");
	bench_expect_error(check(&bench), "operations.unknown", "/elsewhere/nowhere/socket");
}

Test(operations, a_command_is_asked_instead)
{
	auto_bench struct bench bench = bench_of_operations();

	ask_script(&bench, "echo import 7; echo; echo export 9");
	bench_expect(check(&bench), VERDICT_BUSY, "operations.busy", "2 operations are in flight");
	cr_assert_str_eq(pairs_get(&bench.report.plugins[0].facts, "operations"), "2");
	ask_script(&bench, "exit 0");
	bench_expect(check(&bench), VERDICT_COMPATIBLE, "operations.none", "nothing");
	ask_script(&bench, "echo no daemon >&2; exit 1");
	bench_expect_error(check(&bench), "operations.unknown",
			   "exited with 1 and said: no daemon");
}

Test(operations, it_waits_until_they_are_done)
{
	auto_bench struct bench bench = bench_of_operations();

	auto_free char *script = NULL;

	/* It can write nothing down, but it knows what time it is. */
	cr_assert_gt(asprintf(&script, "[ $(date +%%s) -gt %lld ] || echo import 7",
			      (long long)time(NULL) + 1),
		     0);
	ask_script(&bench, script);
	bench_configure(&bench, "operations", "drain", "15s");
	const struct plugin_report *report = check(&bench);

	bench_expect(report, VERDICT_COMPATIBLE, "operations.none", "of waiting");
	cr_assert_str_neq(pairs_get(&report->facts, "waited_ms"), "0");
}

Test(operations, it_waits_no_longer_than_it_was_told)
{
	auto_bench struct bench bench = bench_of_operations();

	ask_script(&bench, "echo import 7");
	bench_configure(&bench, "operations", "drain", "700ms");
	bench_expect(check(&bench), VERDICT_BUSY, "operations.busy", "of waiting");
}

Test(operations, an_option_that_means_nothing_is_an_error)
{
	const struct {
		const char *key;
		const char *value;
		const char *says;
	} wrong[] = {
		{"socket", "/run/socket", "exclude each other"},
		{"drain", "a while", "no duration"},
		{"drain", "1h", "set timeout"},
		{"command", "relative", "relative"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		auto_bench struct bench bench = bench_of_operations();

		ask_script(&bench, "exit 0");
		bench_configure(&bench, "operations", wrong[i].key, wrong[i].value);
		bench_expect_error(check(&bench), "operations.option", wrong[i].says);
	}
	auto_bench struct bench bench = bench_of_operations();

	bench_configure(&bench, "operations", "socket", "relative");
	bench_expect_error(check(&bench), "operations.option", "absolute");
}

Test(operations, without_an_option_it_does_not_apply)
{
	auto_bench struct bench bench = bench_of_operations();

	bench_expect(check(&bench), VERDICT_SKIP, "operations.unconfigured", "neither");
}
