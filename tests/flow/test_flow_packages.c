/*
 * test_flow_packages.c - files that belong to a package: refused, unless somebody waives it. The
 * host's own dpkg-query reads a database of the test's own.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "flow/expect.h"

#define DPKG_QUERY "/usr/bin/dpkg-query"

static struct world world;
static char *line; /* --root, and the words behind it */

static void write_below(const char *name, const char *text)
{
	char *path = scratch_path(&world.scratch, "%s", name);
	char *directory = path_directory(path);
	struct error err;

	cr_assert_eq(file_make_directories(directory, 0755, &err), 0, "%s", err.text);
	scratch_write(path, text);
	free(directory);
	free(path);
}

/* What is at this name below the scratch directory belongs to a package. */
static void give_to_package(const char *name)
{
	char *list = NULL;

	cr_assert(asprintf(&list, "/.\n/%s\n", name) > 0);
	write_below("var/lib/dpkg/status", "Package: banger-server\nStatus: install ok installed\n"
					   "Architecture: all\nVersion: 0.1.0\n"
					   "Maintainer: nobody\nDescription: none\n\n");
	write_below("var/lib/dpkg/info/format", "1\n");
	write_below("var/lib/dpkg/info/banger-server.list", list);
	free(list);
}

/* The files of the world as those of a system below its scratch directory, without services. */
static void begin(void)
{
	struct buffer ini = BUFFER_INIT(4096);

	world = world_make(&(struct world_options){0});
	world_skip_unless(&world, access(DPKG_QUERY, X_OK) == 0, "needs dpkg");
	publish_release(&world, "0.2.0", 2, NULL);
	cr_assert_eq(buffer_add_format(&ini,
				       "[update]\nproduct = banger\nmanager = command\n"
				       "manifest = file://%s/manifest.json\nkeys = /keys\n"
				       "installed = /host/bin/banger --version\n"
				       "state_dir = /state\nstatus_file = /state/status.json\n"
				       "[artifact bangerd]\ninstall = /host/bin/bangerd\n"
				       "[artifact banger]\ninstall = /host/bin/banger\n"
				       "[preflight]\nplugin_dir = /plugins\n",
				       world.releases),
		     0);
	scratch_write(world.ini, buffer_text(&ini));
	cr_assert(asprintf(&line, "--root %s", world.scratch.path) > 0);
	buffer_finish(&ini);
}

static void end(void)
{
	free(line);
	world_finish(&world);
}

static void expect_updated(const char *words)
{
	char *all = NULL;
	char *version = NULL;

	cr_assert(asprintf(&all, "%s %s", line, words) > 0);
	expect_exit(&world, all, 0, NULL);
	version = world_version(&world);
	cr_assert_str_eq(version, "banger 0.2.0");
	free(version);
	free(all);
}

TestSuite(packages, .init = begin, .fini = end);

Test(packages, what_belongs_to_a_package_is_refused_with_its_managers_command)
{
	give_to_package("host/bin/banger");
	expect_nothing_changed(&world, line,
			       EXPECTED(2, "baseline",
					"host/bin/banger belongs to the package banger-server",
					"banger-server`", "--waive packages"));
}

Test(packages, a_dry_run_is_refused_as_well)
{
	char *dry = NULL;

	give_to_package("host/bin/bangerd");
	cr_assert(asprintf(&dry, "%s --dry-run", line) > 0);
	expect_nothing_changed(&world, dry,
			       EXPECTED_UNRECORDED(2, "baseline",
						   "belongs to the package banger-server"));
	free(dry);
}

Test(packages, the_refusal_can_be_waived_by_its_name)
{
	give_to_package("host/bin/banger");
	expect_updated("--waive packages");
}

Test(packages, the_refusal_can_be_forced)
{
	give_to_package("host/bin/banger");
	expect_updated("--force");
}

Test(packages, waiving_something_else_does_not_waive_it)
{
	char *other = NULL;

	give_to_package("host/bin/banger");
	cr_assert(asprintf(&other, "%s --waive baseline --waive services", line) > 0);
	expect_nothing_changed(&world, other, EXPECTED(2, "baseline", "banger-server"));
	free(other);
}

Test(packages, other_files_of_packages_do_not_matter)
{
	give_to_package("host/bin/bangerd.conf");
	expect_updated("");
}

Test(packages, a_root_without_packages_is_updated)
{
	expect_updated("");
}

Test(packages, a_database_that_cannot_be_read_is_no_permission)
{
	char *list = scratch_path(&world.scratch, "var/lib/dpkg/info/banger-server.list");

	give_to_package("host/bin/banger");
	cr_assert_eq(unlink(list), 0);
	expect_nothing_changed(&world, line,
			       EXPECTED(3, "baseline", "cannot tell whether a package owns",
					"banger-server", "--waive packages"));
	expect_updated("--waive packages");
	free(list);
}

/* Without --root: the host's database, which is another one for this run. */
Test(packages, the_hosts_own_packages_are_asked_about)
{
	char *ini = scratch_read(world.ini);
	char *shell = NULL;
	struct buffer plain = BUFFER_INIT(8192);

	world_skip_unless(&world, geteuid() == 0, "only root may mount");
	for (char *at = ini; *at != '\0'; at++) {
		cr_assert_eq(buffer_add_format(&plain, "%c%s", *at,
					       text_has_prefix(at, " /") ? world.scratch.path : ""),
			     0);
	}
	scratch_write(world.ini, buffer_text(&plain));
	char *owned = path_join(world.bin, "banger");

	give_to_package(owned + 1);
	cr_assert(asprintf(&shell,
			   "exec unshare -m sh -ec 'mount --bind %s/var/lib/dpkg /var/lib/dpkg\n"
			   "exec \"$@\"' sh \"$@\"",
			   world.scratch.path) > 0);
	struct sight before = sight_take(&world);
	struct outcome outcome = world_update_from(&world, shell, "--json");

	assert_outcome(&world, &outcome,
		       EXPECTED(2, "baseline", "belongs to the package banger-server",
				"apt-get install --only-upgrade banger-server"));
	assert_unchanged(&world, &before);
	sight_free(&before);
	outcome_free(&outcome);
	buffer_finish(&plain);
	free(owned);
	free(shell);
	free(ini);
}
