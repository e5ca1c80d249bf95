/*
 * test_preflight_hostile.c - plugins that mean harm. Each is contained, told with its reason, and
 * neither the host nor the updater (this process) notices more than that.
 *
 * What only root can show (another user, a PID namespace, root's own plugin held by Landlock alone)
 * is shown as root; as an ordinary user the same attempts meet files that are the user's own.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/landlock.h"
#include "base/limits.h"
#include "base/sanitizer.h"
#include "base/text.h"
#include "hostile_case.h"
#include "plugins/bench.h"

static const struct plugin_report *attempt_all(struct bench *bench, const struct target *target)
{
	auto_free char *self = scratch_path(&bench->plugins, "attempts.so");
	char updater[16];

	(void)snprintf(updater, sizeof(updater), "%d", (int)getpid());
	bench_configure(bench, "attempts", "victim", target->victim);
	bench_configure(bench, "attempts", "beside", target->beside);
	bench_configure(bench, "attempts", "self", self);
	bench_configure(bench, "attempts", "local", target->local);
	bench_configure(bench, "attempts", "abstract", target->abstract);
	bench_configure(bench, "attempts", "updater", updater);
	const struct plugin_report *report = bench_run_one(bench, "attempts");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
	return report;
}

static int64_t number_of(const struct plugin_report *report, const char *fact)
{
	int64_t number = -1;

	cr_assert_eq(text_parse_i64(pairs_get(&report->facts, fact), &number), 0);
	return number;
}

/* The kernel's Landlock, or what it would have had to be. */
#define ABSTRACT_ABI 6

static bool must_fail(const char *attempt)
{
	if (strcmp(attempt, "connect-abstract") == 0) {
		return landlock_abi() >= ABSTRACT_ABI;
	}
	/* Without scopes nobody but a namespace keeps a signal from our own user's processes. */
	if (strcmp(attempt, "signal-updater") == 0) {
		return geteuid() == 0 || landlock_abi() >= ABSTRACT_ABI;
	}
	return true;
}

static void assert_contained(const struct plugin_report *report)
{
	size_t refused = 0;

	for (size_t i = 0; i < report->facts.count; i++) {
		const char *name = report->facts.items[i].key;
		const char *result = report->facts.items[i].value;

		if (text_has_prefix(name, "may-")) {
			cr_assert_str_eq(result, "0", "%s failed with errno %s", name, result);
		} else if (must_fail(name)) {
			cr_assert_str_neq(result, "0", "%s worked (%s)", name, report->sandbox);
			refused++;
		}
	}
	cr_assert_geq(refused, 33, "all were tried");
}

Test(hostile, every_attempt_fails_and_what_is_allowed_works)
{
	auto_bench struct bench bench = bench_make();
	auto_target struct target target = target_make();

	need_landlock();
	const struct plugin_report *report = attempt_all(&bench, &target);

	assert_contained(report);
	target_assert_unharmed(&target);
	cr_assert_eq(report->is_confined,
		     geteuid() != 0 || !SANITIZED_ADDRESSES || report->is_confined);
	cr_assert_not(scratch_exists(bench.scratch_dir));
}

/* Debian 12's: neither truncating, nor TCP, nor signals are Landlock's there. */
Test(hostile, every_attempt_fails_with_what_linux_6_1_has)
{
	auto_bench struct bench bench = bench_make();
	auto_target struct target target = target_make();

	need_landlock();
	pretend_landlock(2);
	const struct plugin_report *report = attempt_all(&bench, &target);

	cr_assert_not_null(strstr(report->sandbox, "Landlock 2,"), "%s", report->sandbox);
	cr_assert_not_null(strstr(report->sandbox, "abstract sockets"), "%s", report->sandbox);
	assert_contained(report);
	target_assert_unharmed(&target);
}

Test(hostile, a_landlock_that_is_refused_is_told)
{
	auto_bench struct bench bench = bench_make();

	pretend_landlock(0);
	const struct plugin_report *report = bench_run_one(&bench, "ok");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	cr_assert_not(report->is_confined);
	cr_assert_not_null(strstr(report->sandbox, "Landlock (Operation not permitted)"), "%s",
			   report->sandbox);
	bench.options.must_be_confined = true;
	bench_expect_error(bench_run_one(&bench, "ok"), "plugin.sandbox", "Landlock (");
}

Test(hostile, root_that_was_granted_is_held_by_landlock_and_seccomp)
{
	auto_bench struct bench bench = bench_make();
	auto_target struct target target = target_make();

	need_landlock();
	if (geteuid() != 0) {
		cr_skip_test("only root can grant root");
	}
	bench_configure(&bench, "attempts", NULL, NULL);
	bench.policy.grant_root = true;
	const struct plugin_report *report = attempt_all(&bench, &target);

	cr_assert_not_null(strstr(report->sandbox, "user 0,"));
	assert_contained(report);
	target_assert_unharmed(&target);
}

Test(hostile, root_that_was_not_granted_but_has_the_database_is_its_owner_and_no_more)
{
	static const struct preflight_database state = {"state", {true, 0, 0}};
	auto_bench struct bench bench = bench_make();
	auto_free char *file = scratch_path(&bench.scratch, "secret");

	if (geteuid() != 0) {
		cr_skip_test("only root has root to give");
	}
	scratch_write_bytes(file, "x", 1, 0600);
	bench.options.databases = &state;
	bench.options.database_count = 1;
	bench_configure(&bench, "rights", "file", file);
	const struct plugin_report *report = bench_run_one(&bench, "rights");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE, "%s", report->findings.items[0].text);
	cr_assert_not_null(strstr(report->sandbox, "user 0 without capabilities"), "%s",
			   report->sandbox);
	cr_assert_eq(number_of(report, "user"), 0);
	cr_assert_eq(number_of(report, "file"), 0, "it may not read what is its own");
	cr_assert_eq(number_of(report, "capabilities"), 0);
	cr_assert_eq(number_of(report, "capabilities-of-a-program"), 0);
	cr_assert_eq(number_of(report, "socket"), EPERM);
	/* What it has by its section is what the updater has. */
	bench.policy.grant_root = true;
	report = bench_run_one(&bench, "rights");
	cr_assert_neq(number_of(report, "capabilities"), 0);
	cr_assert_eq(number_of(report, "socket"), 0);
}

Test(hostile, as_root_a_plugin_is_another_user_in_a_namespace_of_its_own)
{
	auto_bench struct bench bench = bench_make();

	if (geteuid() != 0 || SANITIZED_ADDRESSES) {
		cr_skip_test("only root has another user and a namespace to give");
	}
	const struct plugin_report *report = bench_run_one(&bench, "ok");

	cr_assert_not_null(strstr(report->sandbox, "user 65534, PID namespace"), "%s",
			   report->sandbox);
}

Test(hostile, the_network_is_there_only_when_it_is_granted)
{
	auto_bench struct bench bench = bench_make();
	auto_target struct target target = target_make();

	bench_configure(&bench, "attempts", NULL, NULL);
	bench.policy.grant_network = true;
	const struct plugin_report *report = attempt_all(&bench, &target);
	char refused[16];

	(void)snprintf(refused, sizeof(refused), "%d", ECONNREFUSED);
	cr_assert_str_eq(pairs_get(&report->facts, "connect-tcp"), refused);
	cr_assert_str_eq(pairs_get(&report->facts, "open-udp"), "0");
	cr_assert_str_neq(pairs_get(&report->facts, "open-raw"), "0");
}

Test(hostile, a_sandbox_that_is_required_runs_a_plugin_where_it_is_whole)
{
	auto_bench struct bench bench = bench_make();

	bench.options.must_be_confined = true;
	const struct plugin_report *report = bench_run_one(&bench, "ok");

	if (report->is_confined) {
		cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	} else {
		bench_expect_error(report, "plugin.sandbox", "not: ");
	}
}

Test(hostile, abort_is_an_error_that_names_its_signal)
{
	auto_bench struct bench bench = bench_make();

	bench_expect_error(bench_run_one(&bench, "abort"), "plugin.crashed", "signal 6");
}

Test(hostile, a_loop_that_ignores_sigterm_is_killed)
{
	auto_bench struct bench bench = bench_make();

	bench_configure(&bench, "spin", NULL, NULL);
	bench.policy.timeout_ms = 500;
	bench_expect_error(bench_run_one(&bench, "spin"), "plugin.timeout", "500 ms");
	cr_assert_lt(bench.report.plugins[0].ms, BENCH_PATIENCE_MS);
}

/* Sets the bomb off, which is none: it says itself how far it gets (fork-bomb.c). The number of
 * processes that it could make. */
static int64_t set_off(struct bench *bench)
{
	char marker[16];
	uint64_t before = clock_monotonic_ms();

	(void)snprintf(marker, sizeof(marker), "bomb%d", (int)getpid());
	bench_configure(bench, "fork-bomb", "marker", marker);
	bench->policy.timeout_ms = 5000;
	const struct plugin_report *report = bench_run_one(bench, "fork-bomb");

	bench_expect_error(report, "plugin.timeout", "5.0 s");
	cr_assert_lt(clock_monotonic_ms() - before, BENCH_PATIENCE_MS);
	cr_assert_eq(bench_processes_called(marker), 0);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_not_null(bench_find(report, "bomb.before"));
	return number_of(report, "processes");
}

Test(hostile, hundreds_of_processes_are_gone_with_their_plugin)
{
	auto_bench struct bench bench = bench_make();

	cr_assert_gt(set_off(&bench), 0);
}

Test(hostile, processes_run_out_for_the_plugin_s_user_alone)
{
	enum {
		MOST = 40
	};
	const struct rlimit most = {MOST, MOST};
	/* Nobody else is that user. */
	uid_t user = 800000u + (uid_t)getpid();
	auto_bench struct bench bench = bench_make();

	if (geteuid() != 0) {
		cr_skip_test("only root has another user to give");
	}
	bench.options.user = (struct preflight_user){true, user, user};
	/* The sandbox's own limit is higher than what the plugin asks for; it keeps a stricter one.
	 */
	cr_assert_eq(setrlimit(RLIMIT_NPROC, &most), 0);
	int64_t count = set_off(&bench);

	cr_assert(0 < count && count < MOST, "%d", (int)count);
}

Test(hostile, ten_gigabytes_are_not_to_be_had)
{
	auto_bench struct bench bench = bench_make();

	if (SANITIZED_ADDRESSES) {
		cr_skip_test("AddressSanitizer has memory of its own");
	}
	const struct plugin_report *report = bench_run_one(&bench, "memory");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	cr_assert_leq(number_of(report, "mib"), (int64_t)(LIMIT_PLUGIN_MEMORY / MIB));
}

Test(hostile, descriptors_run_out_for_the_plugin_alone)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "descriptors");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	cr_assert_leq(number_of(report, "descriptors"), (int64_t)LIMIT_PLUGIN_DESCRIPTORS);
}

Test(hostile, garbage_on_every_descriptor_does_not_undo_a_refusal)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "guess");

	cr_assert_eq(report->verdict, VERDICT_INCOMPATIBLE);
	bench_expect(report, VERDICT_ERROR, "plugin.protocol", "protocol");
}

Test(hostile, forged_frames_do_not_undo_a_refusal)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "forge");

	cr_assert_eq(report->verdict, VERDICT_INCOMPATIBLE);
	cr_assert_null(strstr(report->sandbox, "nothing at all"));
	bench_expect(report, VERDICT_ERROR, "plugin.protocol", "how it is confined");
}

Test(hostile, frames_without_end_are_stopped_at_their_limit)
{
	auto_bench struct bench bench = bench_make();

	bench_expect_error(bench_run_one(&bench, "flood-frames"), "plugin.protocol",
			   "more than 262144 bytes");
	cr_assert_leq(strlen(bench.report.plugins[0].output), LIMIT_OUTPUT);
}

Test(hostile, a_plugin_for_another_machine_is_an_error)
{
	auto_bench struct bench bench = bench_make();
	const char *path = bench_install(&bench, "ok");
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	const unsigned char other[] = {0x16, 0x00}; /* EM_S390, at e_machine */

	cr_assert_eq(pwrite(fd, other, sizeof(other), 18), 2);
	bench_run(&bench);
	bench_expect_error(&bench.report.plugins[0], "plugin.load", "ok.so");
}

/* The loader finds only when it looks that the bytes are not there. */
Test(hostile, a_plugin_without_its_second_half_dies_of_sigbus)
{
	auto_bench struct bench bench = bench_make();

	cr_assert_eq(truncate(bench_install(&bench, "ok"), sysconf(_SC_PAGESIZE)), 0);
	bench_run(&bench);
	cr_assert_eq(bench.report.verdict, VERDICT_ERROR);
	if (!SANITIZED_ADDRESSES) {
		bench_expect_error(&bench.report.plugins[0], "plugin.crashed", "signal 7");
	}
}

/* Behind its first half there is what nobody misses. */
Test(hostile, a_plugin_that_is_cut_off_anywhere_never_passes)
{
	enum {
		CUTS = 12
	};
	auto_bench struct bench bench = bench_make();
	struct stat st;

	cr_assert_eq(stat(bench_install(&bench, "ok"), &st), 0);
	for (int i = 0; i < CUTS; i++) {
		const char *path = bench_install(&bench, "ok");

		cr_assert_eq(truncate(path, st.st_size / 2 / CUTS * i), 0);
		bench_run(&bench);
		cr_assert_eq(bench.report.verdict, VERDICT_ERROR, "cut at %d", i);
		cr_assert_not_null(bench.report.plugins[0].findings.items[0].remedy);
	}
}

Test(hostile, a_plugin_of_a_newer_header_runs_here)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = bench_run_one(&bench, "newer-header");

	bench_expect(report, VERDICT_COMPATIBLE, "newer.fine", "makes do");
}

Test(hostile, a_descriptor_that_is_too_short_is_refused)
{
	auto_bench struct bench bench = bench_make();

	bench_expect_error(bench_run_one(&bench, "short"), "plugin.abi", "too few for ABI 1.0");
}
