/*
 * disk-space: sums and sentences alone, and the whole plugin on files.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/guard.h"
#include "base/limits.h"
#include "disk-space/space.h"
#include "plugins/bench.h"
#include "support/amount.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/disk-space/disk-space.so"

static struct space space;

static const struct place disk = {
	.path = "/var/lib/banger",
	.device = 7,
	.bytes_free = 100ull * MIB,
	.inodes_free = 10,
};

static void need(const struct place *place, uint64_t bytes, uint64_t inodes, const char *what)
{
	cr_assert_eq(space_need(&space, place, bytes, inodes, what), 0);
}

static void expect(size_t index, uint64_t reserve, pf_verdict verdict, const char *code,
		   const char *says)
{
	struct judgement judgement;

	space_judge(&space.items[index], reserve, &judgement);
	cr_assert_eq(judgement.verdict, verdict, "%s", judgement.sentence.text);
	cr_assert_str_eq(judgement.code, code);
	cr_assert_not_null(strstr(judgement.sentence.text, says), "%s", judgement.sentence.text);
	cr_assert(verdict == PF_COMPATIBLE || judgement.remedy != NULL);
}

Test(disk_space, what_lies_on_one_file_system_is_added_up)
{
	const struct place other = {.path = "/usr", .device = 8, .bytes_free = 5, .inodes_free = 1};

	need(&disk, 60ull * MIB, 4, "a snapshot of database state");
	need(&other, 5, 1, "the new file bangerd");
	expect(0, 0, PF_COMPATIBLE, "disk.enough", "100.0 MiB free");
	need(&disk, 41ull * MIB, 0, "setting aside state");
	cr_assert_eq(space.count, 2);
	expect(0, 0, PF_INCOMPATIBLE, "disk.low",
	       "may need 101.0 MiB, and 0 bytes have to be left: a snapshot of database state "
	       "(60.0 MiB), setting aside state (41.0 MiB)");
	expect(1, 0, PF_COMPATIBLE, "disk.enough", "/usr");
}

Test(disk_space, the_last_byte_may_be_used_but_not_the_reserve)
{
	need(&disk, 90ull * MIB, 0, "x");
	expect(0, 10ull * MIB, PF_COMPATIBLE, "disk.enough", "90.0 MiB at most");
	expect(0, 10ull * MIB + 1, PF_INCOMPATIBLE, "disk.low", "have to be left");
}

Test(disk_space, inodes_count_where_the_file_system_counts_them)
{
	const struct place uncounted = {
		.path = "/b", .device = 9, .bytes_free = 1, .inodes_free = UINT64_MAX};

	need(&disk, 1, 11, "x");
	need(&uncounted, 1, 1000, "x");
	expect(0, 0, PF_INCOMPATIBLE, "disk.inodes", "room for 10 more files");
	expect(1, 0, PF_COMPATIBLE, "disk.enough", "/b");
}

Test(disk_space, sums_do_not_wrap_around)
{
	need(&disk, UINT64_MAX, 0, "a");
	need(&disk, UINT64_MAX, 0, "b");
	expect(0, UINT64_MAX, PF_INCOMPATIBLE, "disk.low", "may need");
	cr_assert_eq(space_times(UINT64_MAX / 2, 3), UINT64_MAX);
	cr_assert_eq(space_times(0, UINT64_MAX), 0);
	cr_assert_eq(space_of_database(UINT64_MAX, 10000, false).set_aside, UINT64_MAX);
}

Test(disk_space, more_reasons_than_fit_are_counted_all_the_same)
{
	for (unsigned i = 0; i < 100; i++) {
		need(&disk, MIB, 0, "something with a name that is not short");
	}
	cr_assert_eq(space.items[0].bytes, 100ull * MIB);
	expect(0, 1, PF_INCOMPATIBLE, "disk.low", "may need 100.0 MiB");
}

Test(disk_space, file_systems_have_a_maximum)
{
	for (unsigned i = 0; i < SPACE_FILESYSTEMS; i++) {
		need(&(const struct place){.path = "/", .device = i + 100}, 1, 0, "x");
	}
	cr_assert_lt(space_need(&space, &disk, 1, 0, "x"), 0);
	cr_assert_eq(space.count, SPACE_FILESYSTEMS);
}

Test(disk_space, a_database_that_is_never_put_back_needs_less)
{
	struct database_needs needs = space_of_database(1000, 25, false);

	cr_assert_eq(needs.snapshot, 1000);
	cr_assert_eq(needs.growth, 250);
	cr_assert_eq(needs.set_aside, 1250);
	cr_assert_eq(needs.restore, 1051);
	cr_assert_eq(needs.spare, 8ull * MIB);
	needs = space_of_database(1000, 25, true);
	cr_assert_eq(needs.snapshot, 1000);
	cr_assert_eq(needs.set_aside + needs.restore, 0);
	cr_assert_eq(space_of_database(1, 100, false).growth, 100, "rounded up to a hundredth");
}

Test(disk_space, amounts_read_well)
{
	const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 bytes"},          {1023, "1023 bytes"},       {1024, "1.0 KiB"},
		{1536, "1.5 KiB"},       {MIB, "1.0 MiB"},           {3ull << 30, "3.0 GiB"},
		{1ull << 40, "1.0 TiB"}, {1ull << 50, "1024.0 TiB"},
	};
	char text[AMOUNT_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_str_eq(amount_bytes(cases[i].bytes, text), cases[i].text);
	}
	cr_assert_str_eq(amount_time(420, text), "0.4 s");
	cr_assert_str_eq(amount_time(245000, text), "4 min 5 s");
	cr_assert_not_null(amount_bytes(UINT64_MAX, text));
	cr_assert_not_null(amount_time(UINT64_MAX, text));
}

/* A database of 1000 bytes with 24 in its -wal, in the bench's own directory. */
static struct bench bench_of_database(void)
{
	struct bench bench = bench_make();
	auto_free char *path = scratch_path(&bench.scratch, "state.db");
	auto_free char *wal = scratch_path(&bench.scratch, "state.db-wal");
	char bytes[1000] = {0};

	(void)bench_install_file(&bench, PLUGIN, "disk-space");
	scratch_write_bytes(path, bytes, sizeof(bytes), 0644);
	scratch_write_bytes(wal, bytes, 24, 0644);
	bench_subject(&bench, "databases", "state");
	bench_subject(&bench, "database.state.path", path);
	return bench;
}

static const struct plugin_report *check(struct bench *bench)
{
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

Test(disk_space, a_database_counts_with_its_log_and_its_growth)
{
	auto_bench struct bench bench = bench_of_database();

	bench_configure(&bench, "disk-space", "reserve", "0");
	bench_configure(&bench, "disk-space", "growth", "100");
	const struct plugin_report *report = check(&bench);

	bench_expect(report, VERDICT_COMPATIBLE, "disk.enough", bench.scratch.path);
	/* 1024 to copy, at most 1100 more, 2124 to set aside, 1076 to put back, 8 MiB to spare. */
	cr_assert_str_eq(pairs_get(&report->facts, "fs1.needed"), "8393932");
	bench_subject(&bench, "database.state.on_rollback", "never");
	cr_assert_str_eq(pairs_get(&check(&bench)->facts, "fs1.needed"), "8390732");
}

Test(disk_space, what_does_not_fit_is_refused_with_what_it_is_for)
{
	auto_bench struct bench bench = bench_of_database();

	bench_configure(&bench, "disk-space", "reserve", "1000000GiB");
	const struct plugin_report *report = check(&bench);

	bench_expect(report, VERDICT_INCOMPATIBLE, "disk.low", "a snapshot of database state");
	cr_assert_eq(report->verdict, VERDICT_INCOMPATIBLE);
}

Test(disk_space, a_staged_file_is_counted_where_it_cannot_be_renamed)
{
	auto_bench struct bench bench = bench_of_database();
	const char *const places[] = {bench.scratch.path, "/dev/shm"};
	const char *const needed[] = {"0", "1000"};
	struct stat here;
	struct stat there;

	if (stat(bench.scratch.path, &here) < 0 || stat("/dev/shm", &there) < 0 ||
	    here.st_dev == there.st_dev) {
		cr_skip_test("there is no second file system");
	}
	bench_subject(&bench, "artifact.bangerd.staged",
		      pairs_get(&bench.subject, "database.state.path"));
	bench_subject(&bench, "databases", "");
	bench_subject(&bench, "artifacts", "bangerd");
	for (size_t i = 0; i < 2; i++) {
		auto_free char *install = NULL;

		cr_assert_gt(asprintf(&install, "%s/not/there/yet", places[i]), 0);
		bench_subject(&bench, "artifact.bangerd.install", install);
		const struct plugin_report *report = check(&bench);

		bench_expect(report, VERDICT_COMPATIBLE, "disk.enough", places[i]);
		cr_assert_str_eq(pairs_get(&report->facts, "fs1.needed"), needed[i]);
	}
}

Test(disk_space, without_anything_to_write_it_does_not_apply)
{
	auto_bench struct bench bench = bench_of_database();

	bench_subject(&bench, "database.state.path", "/nowhere/at/all.db");
	bench_expect(check(&bench), VERDICT_SKIP, "disk.none", "nothing is staged");
}

Test(disk_space, an_option_that_means_nothing_is_an_error)
{
	const char *const wrong[][2] = {{"reserve", "much"}, {"growth", "-1"}, {"growth", "10001"}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		auto_bench struct bench bench = bench_of_database();

		bench_configure(&bench, "disk-space", wrong[i][0], wrong[i][1]);
		bench_expect_error(check(&bench), "disk.option", wrong[i][0]);
	}
}

Test(disk_space, what_cannot_be_looked_at_is_an_error)
{
	auto_bench struct bench bench = bench_of_database();

	bench_subject(&bench, "artifacts", "bangerd");
	bench_subject(&bench, "artifact.bangerd.staged", "/nowhere/at/all");
	bench_subject(&bench, "artifact.bangerd.install", "/nowhere/else");
	bench_expect_error(check(&bench), "disk.unreadable", "/nowhere/at/all");
}
