/*
 * test_package_answer.c - what dpkg, rpm and pacman say of a path, word for word as they do.
 */
#include "install/package_answer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

/* The answer to a question about paths, "owner of the path" when one has one. */
struct reading {
	int rc;
	char *owner;
	size_t index;
};

static struct reading read_answer(enum package_dialect dialect, int exit_code, const char *output,
				  const char *errors, const char *const *paths)
{
	auto_process_result struct process_result answer = {
		.status = {.exit_code = exit_code},
		.output = BUFFER_INIT(16384),
		.errors = BUFFER_INIT(16384),
	};
	auto_strings struct strings asked = {0};
	struct reading reading = {.index = 99};

	for (; *paths != NULL; paths++) {
		cr_assert_eq(strings_add(&asked, *paths), 0);
	}
	cr_assert_eq(buffer_add(&answer.output, output, strlen(output)), 0);
	cr_assert_eq(buffer_add(&answer.errors, errors, strlen(errors)), 0);
	reading.rc =
		package_answer_read(dialect, &answer, &asked, &reading.index, &reading.owner, &err);
	return reading;
}

#define PATHS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static void expect_owner(struct reading reading, size_t index, const char *owner)
{
	cr_assert_eq(reading.rc, 1, "%d, %s", reading.rc, err.text);
	cr_assert_eq(reading.index, index);
	cr_assert_str_eq(reading.owner, owner);
	free(reading.owner);
}

static void expect_nobody(struct reading reading)
{
	cr_assert_eq(reading.rc, 0, "%d, %s", reading.rc, err.text);
	cr_assert_null(reading.owner);
}

static void expect_unknown(struct reading reading, const char *why)
{
	cr_assert_eq(reading.rc, -EIO);
	cr_assert_not_null(strstr(err.text, why), "%s", err.text);
	cr_assert_null(reading.owner);
}

#define DPKG_NOBODY "dpkg-query: no path found matching pattern "

Test(package_answer, dpkg_names_the_package)
{
	expect_owner(read_answer(PACKAGE_DPKG, 0, "banger: /usr/bin/banger\n", "",
				 PATHS("/usr/bin/banger")),
		     0, "banger");
	expect_owner(read_answer(PACKAGE_DPKG, 0, "libx:amd64: /usr/lib/x.so\n", "",
				 PATHS("/usr/lib/x.so")),
		     0, "libx");
	expect_owner(read_answer(PACKAGE_DPKG, 0, "first, second:i386: /usr/bin/a b: c\n", "",
				 PATHS("/usr/bin/a b: c")),
		     0, "first");
}

Test(package_answer, dpkg_knows_of_nobody)
{
	expect_nobody(read_answer(PACKAGE_DPKG, 1, "",
				  DPKG_NOBODY "/usr/local/bin/banger\n" DPKG_NOBODY "/opt/b\n",
				  PATHS("/usr/local/bin/banger", "/opt/b")));
}

Test(package_answer, dpkg_names_the_first_of_several_paths_that_is_somebodys)
{
	expect_owner(read_answer(PACKAGE_DPKG, 1, "two: /b\nthree: /c\n", DPKG_NOBODY "/a\n",
				 PATHS("/a", "/b", "/c")),
		     1, "two");
}

Test(package_answer, a_path_that_ends_like_another_is_another)
{
	expect_unknown(read_answer(PACKAGE_DPKG, 0, "other: /usr/usr/bin/banger\n", "",
				   PATHS("/usr/bin/banger")),
		       "/usr/bin/banger");
	expect_unknown(read_answer(PACKAGE_DPKG, 1, "", DPKG_NOBODY "/usr/bin/banger2\n",
				   PATHS("/usr/bin/banger")),
		       "/usr/bin/banger");
}

#define DIVERTED(by)                                                                               \
	by "from: /usr/bin/b\n" by "to: /usr/bin/b.real\n"                                         \
	   "theirs: /usr/bin/b\n"

Test(package_answer, a_file_that_the_administrator_has_diverted_is_his)
{
	expect_nobody(read_answer(PACKAGE_DPKG, 0, DIVERTED("local diversion "), "",
				  PATHS("/usr/bin/b")));
}

Test(package_answer, a_file_that_a_package_has_diverted_is_that_packages)
{
	expect_owner(read_answer(PACKAGE_DPKG, 0, DIVERTED("diversion by dash "), "",
				 PATHS("/usr/bin/b")),
		     0, "dash");
}

Test(package_answer, where_a_file_is_diverted_to_is_somebodys)
{
	expect_unknown(read_answer(PACKAGE_DPKG, 0, DIVERTED("local diversion "), "",
				   PATHS("/usr/bin/b.real")),
		       "/usr/bin/b.real");
	expect_unknown(read_answer(PACKAGE_DPKG, 0, DIVERTED("diversion by dash "), "",
				   PATHS("/usr/bin/b.real")),
		       "/usr/bin/b.real");
	/* A package may well be called so. */
	expect_owner(read_answer(PACKAGE_DPKG, 0, "to: /usr/bin/b\n", "", PATHS("/usr/bin/b")), 0,
		     "to");
}

Test(package_answer, dpkg_takes_some_paths_for_patterns)
{
	char *question = package_question(PACKAGE_DPKG, "/a*b?c[d]\\e");

	cr_assert_str_eq(question, "/a\\*b\\?c\\[d]\\\\e");
	expect_nobody(read_answer(PACKAGE_DPKG, 1, "", DPKG_NOBODY "/a\\*b\\?c\\[d]\\\\e\n",
				  PATHS("/a*b?c[d]\\e")));
	free(question);
	question = package_question(PACKAGE_RPM, "/a*b");
	cr_assert_str_eq(question, "/a*b");
	free(question);
}

Test(package_answer, dpkg_that_has_not_read_everything_is_not_believed)
{
	expect_unknown(
		read_answer(PACKAGE_DPKG, 1, "",
			    "dpkg-query: warning: files list file for package 'foo' missing;"
			    " assuming package has no files currently installed\n" DPKG_NOBODY
			    "/usr/bin/foo\n",
			    PATHS("/usr/bin/foo")),
		"files list file for package 'foo' missing");
}

Test(package_answer, other_warnings_do_not_matter)
{
	expect_nobody(
		read_answer(PACKAGE_DPKG, 1, "",
			    "dpkg-query: warning: parsing file: missing 'Maintainer'\n" DPKG_NOBODY
			    "/b\n",
			    PATHS("/b")));
	expect_nobody(read_answer(PACKAGE_PACMAN, 1, "",
				  "warning: database file for 'core' does not exist\n"
				  "error: No package owns /b\n",
				  PATHS("/b")));
}

Test(package_answer, rpm_names_the_package)
{
	expect_owner(read_answer(PACKAGE_RPM, 0, "package foo\n", "", PATHS("/usr/bin/foo")), 0,
		     "foo");
	expect_owner(read_answer(PACKAGE_RPM, 1,
				 "file /a is not owned by any package\npackage foo\npackage bar\n",
				 "error: file /b: No such file or directory\n",
				 PATHS("/a", "/b", "/c", "/d")),
		     2, "foo");
}

Test(package_answer, rpm_knows_of_nobody)
{
	expect_nobody(read_answer(PACKAGE_RPM, 2, "file /a is not owned by any package\n",
				  "error: file /b: No such file or directory\n",
				  PATHS("/a", "/b")));
}

Test(package_answer, rpm_without_its_database_is_not_believed)
{
	expect_unknown(read_answer(PACKAGE_RPM, 1, "file /a is not owned by any package\n",
				   "error: cannot open Packages database in /var/lib/rpm\n",
				   PATHS("/a")),
		       "cannot open Packages database");
	expect_unknown(read_answer(PACKAGE_RPM, 1, "file /a is not owned by any package\n",
				   "error: file /b: No such file or directory\n", PATHS("/a")),
		       "/b");
}

Test(package_answer, pacman_knows_of_nobody)
{
	expect_nobody(read_answer(PACKAGE_PACMAN, 2, "",
				  "error: No package owns /a\nerror: No package owns /b\n",
				  PATHS("/a", "/b")));
}

Test(package_answer, pacman_names_the_package)
{
	expect_owner(read_answer(PACKAGE_PACMAN, 0, "/usr/bin/foo is owned by foo 1.0-1\n", "",
				 PATHS("/bin/foo")),
		     0, "foo");
	expect_owner(read_answer(PACKAGE_PACMAN, 1, "/b is owned by foo 1.0-1\n",
				 "error: No package owns /a\n", PATHS("/a", "/b")),
		     1, "foo");
}

/* It goes on, and says the same as if it had read it. */
Test(package_answer, pacman_that_could_not_read_its_files_is_not_believed)
{
	expect_unknown(read_answer(PACKAGE_PACMAN, 1, "",
				   "error: could not open file /var/lib/pacman/local/foo-1/files: "
				   "Permission denied\nerror: No package owns /a\n",
				   PATHS("/a")),
		       "could not open file");
}

Test(package_answer, silence_is_no_answer)
{
	for (enum package_dialect dialect = PACKAGE_DPKG; dialect <= PACKAGE_PACMAN; dialect++) {
		expect_unknown(read_answer(dialect, 0, "", "", PATHS("/a")), "/a");
		expect_unknown(read_answer(dialect, 1, "", "", PATHS("/a")), "/a");
		expect_unknown(read_answer(dialect, 0, "\n", "\n", PATHS("/a")), "/a");
	}
}

Test(package_answer, a_failure_is_no_answer_whatever_was_said)
{
	expect_unknown(read_answer(PACKAGE_DPKG, 2, "", "dpkg-query: error: no memory\n",
				   PATHS("/a")),
		       "exited with 2: dpkg-query: error: no memory");
	expect_unknown(read_answer(PACKAGE_DPKG, 2, "foo: /a\n", "", PATHS("/a")), "exited with 2");
	expect_unknown(read_answer(PACKAGE_PACMAN, 255, "", "error: No package owns /a\n",
				   PATHS("/a")),
		       "exited with 255");
	expect_unknown(read_answer(PACKAGE_RPM, PROCESS_UNSEEN,
				   "file /a is not owned by any package\n", "", PATHS("/a")),
		       "unseen");
}
