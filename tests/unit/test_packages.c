/*
 * test_packages.c - package managers that are there, missing, broken or slow: programs and
 * databases of the test's own, and the host's dpkg-query on a database of the test's own.
 */
#include "install/packages.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct error err;
static char *root;
static char *programs;
static struct artifact artifact;
static struct package_owner owner;

static char *in_root(const char *path)
{
	char *all = path_join(root, path);
	char *directory = path_directory(all);

	cr_assert_eq(file_make_directories(directory, 0755, &err), 0, "%s", err.text);
	free(directory);
	return all;
}

static void write_in_root(const char *path, const char *text)
{
	char *all = in_root(path);

	scratch_write(all, text);
	free(all);
}

static void set_up(void)
{
	scratch = scratch_make();
	root = scratch_path(&scratch, "root");
	programs = scratch_path(&scratch, "programs");
	write_in_root("/usr/bin/banger", "old");
	artifact =
		(struct artifact){.name = strdup("banger"), .install = in_root("/usr/bin/banger")};
}

static void tear_down(void)
{
	package_owner_finish(&owner);
	artifact_finish(&artifact);
	free(root);
	free(programs);
	scratch_remove(&scratch);
}

TestSuite(packages, .init = set_up, .fini = tear_down, .timeout = 60);

/* A manager's program: a shell script that notes its words. */
static void install_program(const char *path, const char *body)
{
	char *all = path_join(programs, path);
	char *directory = path_directory(all);
	char *script = NULL;

	cr_assert_eq(file_make_directories(directory, 0755, &err), 0);
	cr_assert(asprintf(&script, "#!/bin/sh\nprintf '%%s\\n' \"$@\" >>%s/asked\n%s\n",
			   scratch.path, body) > 0);
	scratch_write_bytes(all, script, strlen(script), 0755);
	free(script);
	free(directory);
	free(all);
}

static int find_with(const char *own_programs, uint64_t timeout_ms)
{
	const struct packages_options options = {.root = root,
						 .programs = own_programs,
						 .timeout_ms = timeout_ms};

	package_owner_finish(&owner);
	return packages_find_owner(&artifact, 1, &options, &owner, &err);
}

static int find(void)
{
	return find_with(programs, 0);
}

static char *asked(void)
{
	char *path = scratch_path(&scratch, "asked");
	char *text = scratch_read(path);

	free(path);
	return text;
}

static void expect_owned(const char *package, const char *command)
{
	cr_assert_eq(find(), 0, "%s", err.text);
	cr_assert_str_eq(owner.path, artifact.install);
	cr_assert_str_eq(owner.package, package);
	cr_assert_str_eq(owner.command, command);
}

static void expect_unknown(int code, const char *why)
{
	cr_assert_eq(find(), code, "%s", err.text);
	cr_assert_not_null(strstr(err.text, why), "%s", err.text);
	cr_assert_null(owner.path);
}

#define DPKG   "/usr/bin/dpkg-query"
#define RPM    "/usr/bin/rpm"
#define PACMAN "/usr/bin/pacman"

static void use_dpkg(const char *body)
{
	write_in_root("/var/lib/dpkg/status", "");
	install_program(DPKG, body);
}

Test(packages, a_host_without_any_manager_owns_its_files)
{
	cr_assert_eq(find(), 0, "%s", err.text);
	cr_assert_null(owner.path);
}

/* rpm would make itself a database. */
Test(packages, a_manager_without_a_database_is_not_asked)
{
	install_program(DPKG, "exit 2");
	install_program(RPM, "exit 2");
	install_program(PACMAN, "exit 2");
	cr_assert_eq(find(), 0, "%s", err.text);
	cr_assert_null(owner.path);
}

Test(packages, dpkg_and_apt)
{
	use_dpkg("echo banger: /usr/bin/banger");
	install_program("/usr/bin/apt-get", "");
	expect_owned("banger", "apt-get install --only-upgrade banger");
	char *words = asked();

	cr_assert(text_has_prefix(words, "--admindir="));
	cr_assert_not_null(strstr(words, "root/var/lib/dpkg\n--search\n/usr/bin/banger\n"), "%s",
			   words);
	free(words);
}

Test(packages, dpkg_without_apt)
{
	use_dpkg("echo banger: /usr/bin/banger");
	expect_owned("banger", "dpkg -i with a newer package of banger");
}

Test(packages, rpm_and_its_front_ends)
{
	static const struct {
		const char *program;
		const char *command;
	} ends[] = {
		{NULL, "rpm -U with a newer package of banger-tools"},
		{"/usr/bin/yum", "yum update banger-tools"},
		{"/usr/bin/zypper", "zypper update banger-tools"},
		{"/usr/bin/dnf", "dnf upgrade banger-tools"},
	};

	write_in_root("/usr/lib/sysimage/rpm/rpmdb.sqlite", "");
	install_program(RPM, "echo package banger-tools");
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (ends[i].program != NULL) {
			install_program(ends[i].program, "");
		}
		expect_owned("banger-tools", ends[i].command);
	}
	char *words = asked();

	cr_assert_not_null(strstr(words, "root/usr/lib/sysimage/rpm\n-qf\n--queryformat\n"
					 "package %{NAME}\\n\n/usr/bin/banger\n"),
			   "%s", words);
	free(words);
}

Test(packages, pacman_sees_the_root)
{
	char *words = NULL;
	char *expected = NULL;

	write_in_root("/var/lib/pacman/local/ALPM_DB_VERSION", "9\n");
	install_program(PACMAN, "echo /usr/bin/banger is owned by banger 0.1-1");
	expect_owned("banger", "pacman -S banger");
	words = asked();
	cr_assert(asprintf(&expected,
			   "--root=%s/\n--dbpath=%s/var/lib/pacman\n--config=/dev/null\n"
			   "-Qo\n%s/usr/bin/banger\n",
			   root, root, root) > 0);
	cr_assert_str_eq(words, expected);
	free(expected);
	free(words);
}

Test(packages, the_second_manager_is_asked_when_the_first_knows_of_nobody)
{
	use_dpkg("for p; do echo \"dpkg-query: no path found matching pattern $p\" >&2; done; "
		 "exit 1");
	write_in_root("/var/lib/rpm/Packages", "");
	install_program(RPM, "echo package banger");
	expect_owned("banger", "rpm -U with a newer package of banger");
}

Test(packages, a_database_without_its_manager_can_be_read_by_nobody)
{
	write_in_root("/var/lib/dpkg/status", "");
	expect_unknown(-ENOENT, "/var/lib/dpkg/status is there");
	cr_assert_not_null(strstr(err.text, DPKG), "%s", err.text);
}

Test(packages, a_manager_that_fails)
{
	use_dpkg("echo 'dpkg-query: error: the database is locked' >&2; exit 2");
	expect_unknown(-EIO, "the database is locked");
}

Test(packages, a_manager_that_is_killed)
{
	use_dpkg("kill -9 $$");
	expect_unknown(-EIO, "was killed by signal 9");
}

Test(packages, a_manager_that_says_nothing)
{
	use_dpkg("exit 0");
	expect_unknown(-EIO, "does not say whose /usr/bin/banger is");
}

Test(packages, a_manager_that_hangs)
{
	use_dpkg("trap '' TERM; while :; do sleep 60; done");
	cr_assert_eq(find_with(programs, 200), -ETIMEDOUT, "%s", err.text);
	cr_assert_not_null(strstr(err.text, "did not end"), "%s", err.text);
}

Test(packages, a_manager_that_writes_for_ever)
{
	use_dpkg("exec yes 'other: /usr/bin/other'");
	cr_assert_eq(find_with(programs, 200), -ETIMEDOUT, "%s", err.text);
}

Test(packages, an_interrupt_ends_the_wait)
{
	int ends[2];

	use_dpkg("sleep 60");
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "x", 1), 1);
	const struct packages_options options = {.root = root,
						 .programs = programs,
						 .interrupts = ends[0]};

	cr_assert_eq(packages_find_owner(&artifact, 1, &options, &owner, &err), -EINTR);
	cr_assert_eq(close(ends[0]), 0);
	cr_assert_eq(close(ends[1]), 0);
}

/* What a package lists is often not what the INI file says. */
Test(packages, every_name_of_the_file_is_asked_about)
{
	char *bin = in_root("/bin");
	char *opt = in_root("/opt/banger");
	char *words = NULL;

	cr_assert_eq(symlink("usr/bin", bin), 0);
	cr_assert_eq(symlink("../bin", opt), 0);
	free(artifact.install);
	artifact.install = in_root("/opt/banger/banger");
	use_dpkg("for p; do case $p in /bin/*) echo \"banger: $p\";; *)\n"
		 "echo \"dpkg-query: no path found matching pattern $p\" >&2;; esac; done");
	expect_owned("banger", "dpkg -i with a newer package of banger");
	words = asked();
	cr_assert_not_null(strstr(words, "\n/opt/banger/banger\n/usr/bin/banger\n/bin/banger\n"),
			   "%s", words);
	free(words);
	free(bin);
	free(opt);
}

Test(packages, a_bin_of_its_own_is_not_asked_about)
{
	char *bin = in_root("/bin/sh");

	use_dpkg("for p; do case $p in /bin/*) echo \"banger: $p\";; *)\n"
		 "echo \"dpkg-query: no path found matching pattern $p\" >&2;; esac; done");
	cr_assert_eq(find(), 0, "%s", err.text);
	cr_assert_null(owner.path);
	free(bin);
}

Test(packages, many_paths_are_asked_about_in_several_questions)
{
	enum {
		COUNT = 256
	};
	struct artifact *artifacts = calloc(COUNT, sizeof(*artifacts));
	const struct packages_options options = {.root = root, .programs = programs};

	cr_assert_not_null(artifacts);
	for (size_t i = 0; i < COUNT; i++) {
		artifacts[i].install =
			scratch_path(&scratch,
				     "root/usr/bin/a-name-of-the-usual-length-for-an-artifact-%zu",
				     i);
	}
	use_dpkg("for p; do case $p in *-255) echo \"last: $p\";; *)\n"
		 "echo \"dpkg-query: no path found matching pattern $p\" >&2;; esac; done");
	cr_assert_eq(packages_find_owner(artifacts, COUNT, &options, &owner, &err), 0, "%s",
		     err.text);
	cr_assert_str_eq(owner.package, "last");
	cr_assert_str_eq(owner.path, artifacts[COUNT - 1].install);
	for (size_t i = 0; i < COUNT; i++) {
		free(artifacts[i].install);
	}
	free(artifacts);
}

/* Not a script that says what we think it says. */
static void use_real_dpkg(const char *list)
{
	if (access(DPKG, X_OK) != 0) {
		cr_skip_test("needs dpkg");
	}
	write_in_root("/var/lib/dpkg/status",
		      "Package: banger\nStatus: install ok installed\nArchitecture: all\n"
		      "Version: 0.1\nMaintainer: nobody\nDescription: none\n\n");
	write_in_root("/var/lib/dpkg/info/format", "1\n");
	write_in_root("/var/lib/dpkg/info/banger.list", list);
}

Test(packages, the_real_dpkg_names_the_package)
{
	use_real_dpkg("/.\n/usr\n/usr/bin\n/usr/bin/banger\n");
	cr_assert_eq(find_with(NULL, 0), 0, "%s", err.text);
	cr_assert_str_eq(owner.package, "banger");
}

Test(packages, the_real_dpkg_knows_of_nobody)
{
	use_real_dpkg("/.\n/usr\n/usr/bin\n/usr/bin/other\n");
	cr_assert_eq(find_with(NULL, 0), 0, "%s", err.text);
	cr_assert_null(owner.path);
}

Test(packages, the_real_dpkg_and_a_local_diversion)
{
	use_real_dpkg("/.\n/usr\n/usr/bin\n/usr/bin/banger\n");
	write_in_root("/var/lib/dpkg/diversions", "/usr/bin/banger\n/usr/bin/banger.distrib\n:\n");
	cr_assert_eq(find_with(NULL, 0), 0, "%s", err.text);
	cr_assert_null(owner.path);
}

Test(packages, the_real_dpkg_with_a_list_that_is_gone)
{
	char *list = in_root("/var/lib/dpkg/info/banger.list");

	use_real_dpkg("/usr/bin/banger\n");
	cr_assert_eq(unlink(list), 0);
	cr_assert_eq(find_with(NULL, 0), -EIO, "%s", err.text);
	free(list);
}

static void use_real_pacman(const char *files)
{
	if (access(PACMAN, X_OK) != 0) {
		cr_skip_test("needs pacman");
	}
	write_in_root("/var/lib/pacman/local/ALPM_DB_VERSION", "9\n");
	write_in_root("/var/lib/pacman/local/banger-0.1-1/desc",
		      "%NAME%\nbanger\n\n%VERSION%\n0.1-1\n\n");
	write_in_root("/var/lib/pacman/local/banger-0.1-1/files", files);
}

Test(packages, the_real_pacman_names_the_package)
{
	char *opt = in_root("/opt");

	use_real_pacman("%FILES%\nusr/\nusr/bin/\nusr/bin/banger\n\n");
	cr_assert_eq(symlink("usr/bin", opt), 0);
	free(artifact.install);
	artifact.install = in_root("/opt/banger");
	cr_assert_eq(find_with(NULL, 0), 0, "%s", err.text);
	cr_assert_str_eq(owner.package, "banger");
	free(opt);
}

Test(packages, the_real_pacman_knows_of_nobody)
{
	char *opt = in_root("/opt");

	use_real_pacman("%FILES%\nusr/\nusr/bin/\nusr/bin/other\n\n");
	cr_assert_eq(symlink("usr/bin", opt), 0);
	free(artifact.install);
	artifact.install = in_root("/opt/banger");
	cr_assert_eq(find_with(NULL, 0), 0, "%s", err.text);
	cr_assert_null(owner.path);
	free(opt);
}

/* The database, with a package that has one file; made by rpm itself. */
static void use_real_rpm(const char *file)
{
	static const char spec[] = "Name: banger\nVersion: 0.1\nRelease: 1\nSummary: none\n"
				   "License: none\nBuildArch: noarch\n%%description\nnone\n"
				   "%%install\nmkdir -p %%{buildroot}/usr/bin\n"
				   "echo old >%%{buildroot}%s\n%%files\n%s\n";
	char *text = NULL;
	char *command = NULL;
	char *path = scratch_path(&scratch, "banger.spec");

	if (access(RPM, X_OK) != 0 || access("/usr/bin/rpmbuild", X_OK) != 0) {
		cr_skip_test("needs rpm and rpmbuild");
	}
	cr_assert(asprintf(&text, spec, file, file) > 0);
	scratch_write(path, text);
	cr_assert(asprintf(&command,
			   "cd %s && mkdir -p root/var/lib/rpm && HOME=%s rpmbuild -bb --define "
			   "'_topdir %s/build' banger.spec >log 2>&1 && rpm --dbpath "
			   "%s/root/var/lib/rpm --justdb --nodeps -i build/RPMS/*/*.rpm >log 2>&1",
			   scratch.path, scratch.path, scratch.path, scratch.path) > 0);
	cr_assert_eq(system(command), 0);
	free(command);
	free(path);
	free(text);
}

Test(packages, the_real_rpm_names_the_package)
{
	use_real_rpm("/usr/bin/banger");
	cr_assert_eq(find_with(NULL, 0), 0, "%s", err.text);
	cr_assert_str_eq(owner.package, "banger");
}

Test(packages, the_real_rpm_knows_of_nobody)
{
	use_real_rpm("/usr/bin/other");
	cr_assert_eq(find_with(NULL, 0), 0, "%s", err.text);
	cr_assert_null(owner.path);
}
