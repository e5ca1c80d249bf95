/*
 * test_catalog.c - which files are plugins, which of them are run, and what is said of the others:
 * asked of the catalog itself, and seen in the report of a run.
 */
#include "preflight/catalog.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "plugins/bench.h"
#include "support/scratch.h"

Test(catalog, a_file_that_is_no_shared_object_is_an_error)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *junk = scratch_path(&bench.plugins, "junk.so");
	auto_free char *empty = scratch_path(&bench.plugins, "empty.so");

	scratch_write(junk, "this is text\n");
	scratch_write(empty, "");
	bench_run(&bench);
	bench_expect_error(&bench.report.plugins[0], "plugin.load", "empty.so");
	bench_expect_error(&bench.report.plugins[1], "plugin.load", "junk.so");
}

Test(catalog, half_a_plugin_is_an_error)
{
	auto_bench struct bench bench = bench_make();
	const char *path = bench_install(&bench, "ok");

	cr_assert_eq(truncate(path, 3000), 0);
	bench_run(&bench);
	cr_assert_eq(bench.report.verdict, VERDICT_ERROR);
}

Test(catalog, what_is_no_regular_file_is_not_opened)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *link = scratch_path(&bench.plugins, "link.so");
	auto_free char *fifo = scratch_path(&bench.plugins, "fifo.so");
	auto_free char *directory = scratch_path(&bench.plugins, "directory.so");

	cr_assert_eq(symlink(BENCH_PLUGINS "/ok.so", link), 0);
	cr_assert_eq(mkfifo(fifo, 0644), 0);
	scratch_directory(directory);
	bench_run(&bench);
	cr_assert_eq(bench.report.count, 3);
	bench_expect_error(&bench.report.plugins[0], "plugin.untrusted", "is a directory");
	bench_expect_error(&bench.report.plugins[1], "plugin.untrusted", "a pipe");
	bench_expect_error(&bench.report.plugins[2], "plugin.untrusted", "symbolic link");
}

Test(catalog, what_others_may_write_is_not_loaded_when_trust_is_asked)
{
	auto_bench struct bench bench = bench_make();
	const char *path = bench_install(&bench, "ok");

	bench.options.check_trust = true;
	bench_run(&bench);
	cr_assert_eq(bench.report.verdict, VERDICT_COMPATIBLE, "%s",
		     bench.report.plugins[0].findings.items[0].text);
	cr_assert_eq(chmod(path, 0775), 0);
	bench_run(&bench);
	bench_expect_error(&bench.report.plugins[0], "plugin.untrusted", "group-writable");
	cr_assert_eq(chmod(path, 0755), 0);
	cr_assert_eq(chmod(bench.plugins.path, 0777), 0);
	bench_run(&bench);
	bench_expect_error(&bench.report.plugins[0], "plugin.untrusted", "world-writable");
}

Test(catalog, names_that_no_plugin_can_have_are_errors)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *upper = scratch_path(&bench.plugins, "Upper.so");
	auto_free char *hostile = scratch_path(&bench.plugins, "\033[2J.so");

	scratch_write(upper, "");
	scratch_write(hostile, "");
	bench_run(&bench);
	cr_assert_eq(bench.report.count, 2);
	cr_assert_eq(bench.report.verdict, VERDICT_ERROR);
	cr_assert_str_eq(bench.report.plugins[0].name, "?[2J");
	cr_assert_str_eq(bench.report.plugins[1].name, "Upper");
}

Test(catalog, hidden_files_leftovers_and_directories_are_no_plugins)
{
	static const char *const names[] = {".half-written.so",
					    "ok.so.dpkg-old",
					    "disk.sh~",
					    "disk.rpmsave",
					    "ok.so.previous",
					    "ok.so.update-new",
					    "ok.so.previous.earlier",
					    "ok.so.unexpected-20261129T090639Z"};
	auto_bench struct bench bench = bench_make();
	auto_free char *directory = scratch_path(&bench.plugins, "directory");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *path = scratch_path(&bench.plugins, "%s", names[i]);

		scratch_write_bytes(path, "", 0, 0755);
	}
	scratch_directory(directory);
	bench_run(&bench);
	cr_assert_eq(bench.report.count, 0);
	cr_assert_eq(bench.report.verdict, VERDICT_SKIP);
}

Test(catalog, a_missing_directory_is_an_error_of_the_run)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *nowhere = scratch_path(&bench.plugins, "nowhere");
	struct error err = {0};

	bench.options.plugin_dir = nowhere;
	cr_assert_eq(preflight_run(&bench.options, &bench.report, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, nowhere));
}

Test(catalog, a_section_without_its_plugin_is_an_error)
{
	auto_bench struct bench bench = bench_make();

	bench_configure(&bench, "gone", NULL, NULL);
	bench_run(&bench);
	cr_assert_eq(bench.report.count, 1);
	bench_expect_error(&bench.report.plugins[0], "plugin.missing", "[plugin gone]");
}

Test(catalog, a_plugin_that_is_switched_off_is_not_loaded_and_said_to_be_skipped)
{
	auto_bench struct bench bench = bench_make();

	(void)bench_install(&bench, "constructor-crash");
	bench_configure(&bench, "constructor-crash", NULL, NULL);
	bench.policy.enabled = false;
	bench_run(&bench);
	cr_assert_eq(bench.report.verdict, VERDICT_SKIP);
	cr_assert_not_null(bench_find(&bench.report.plugins[0], "plugin.disabled"));
}

/* One file of the bench's directory, as `plugin check` reads it. */
static struct catalog read_one(const struct bench *bench, const char *file, bool check_trust)
{
	struct catalog catalog;
	struct error err;

	cr_assert_eq(catalog_read_one(bench->plugins.path, file, check_trust, &catalog, &err), 0);
	cr_assert_eq(catalog.count, 1);
	return catalog;
}

/* Why it is not run; "" when it is. */
static const char *fault_of(const struct catalog *catalog)
{
	const struct findings *fault = &catalog->items[0].fault;

	return fault->count > 0 ? fault->items[0].text : "";
}

Test(catalog, one_file_is_read_whatever_lies_beside_it)
{
	auto_bench struct bench bench = bench_make();

	(void)bench_install(&bench, "ok");
	bench_script(&bench, "ok.sh", "exit 0");
	bench_script(&bench, "other", "exit 0");
	auto_catalog struct catalog object = read_one(&bench, "ok.so", false);
	auto_catalog struct catalog script = read_one(&bench, "ok.sh", false);

	/* In the directory they would be twins, and neither would run. */
	cr_assert_str_eq(object.items[0].name, "ok");
	cr_assert_str_empty(fault_of(&object));
	cr_assert_not(object.items[0].is_program);
	cr_assert_str_eq(script.items[0].name, "ok");
	cr_assert_str_empty(fault_of(&script));
	cr_assert(script.items[0].is_program);
}

Test(catalog, one_file_is_refused_for_the_same_reasons)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *link = scratch_path(&bench.plugins, "link.so");
	auto_free char *plain = scratch_path(&bench.plugins, "plain");
	const char *path = bench_install(&bench, "ok");

	cr_assert_eq(symlink("ok.so", link), 0);
	scratch_write(plain, "");
	cr_assert_eq(chmod(path, 0775), 0);
	auto_catalog struct catalog gone = read_one(&bench, "gone.so", false);
	auto_catalog struct catalog linked = read_one(&bench, "link.so", false);
	auto_catalog struct catalog plainly = read_one(&bench, "plain", false);
	auto_catalog struct catalog distrusted = read_one(&bench, "ok.so", true);
	auto_catalog struct catalog trusted = read_one(&bench, "ok.so", false);

	cr_assert_not_null(strstr(fault_of(&gone), "cannot look at"), "%s", fault_of(&gone));
	cr_assert_not_null(strstr(fault_of(&linked), "symbolic link"), "%s", fault_of(&linked));
	cr_assert_not_null(strstr(fault_of(&plainly), "executable"), "%s", fault_of(&plainly));
	cr_assert_not_null(strstr(fault_of(&distrusted), "group-writable"), "%s",
			   fault_of(&distrusted));
	cr_assert_str_empty(fault_of(&trusted));
}

Test(catalog, no_name_is_too_long_to_be_told)
{
	char name[4001];
	auto_bench struct bench bench = bench_make();

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	auto_catalog struct catalog catalog = read_one(&bench, name, true);

	cr_assert_not_null(strstr(fault_of(&catalog), "is no plugin name"), "%s",
			   fault_of(&catalog));
}

Test(catalog, what_a_policy_names_is_an_entry_whether_it_is_there_or_not)
{
	auto_bench struct bench bench = bench_make();

	(void)bench_install(&bench, "ok");
	auto_catalog struct catalog catalog = read_one(&bench, "ok.so", false);

	cr_assert_null(catalog_find(&catalog, "gone"));
	cr_assert_eq(catalog_add_missing(&catalog, "gone", bench.plugins.path), 0);
	cr_assert_eq(catalog.count, 2);
	struct catalog_entry *gone = catalog_find(&catalog, "gone");

	cr_assert_str_eq(gone->fault.items[0].code, "plugin.missing");
	cr_assert_eq(catalog_switch_off(gone), 0);
	cr_assert_eq(gone->fault.count, 1);
	cr_assert_eq(findings_verdict(&gone->fault), VERDICT_SKIP);
}
