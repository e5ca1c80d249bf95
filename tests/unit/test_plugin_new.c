/*
 * test_plugin_new.c - a folder to begin with: whole, or not there at all.
 */
#include "update/plugin_new.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "support/scratch.h"

static const char *const files[] = {"CMakeLists.txt", "README.md", "judgement.c",
				    "judgement.h",    "plugin.c",  "test.c"};
#define FILES (sizeof(files) / sizeof(files[0]))

static struct scratch scratch;

static void begin(void)
{
	scratch = scratch_make();
	cr_assert_eq(chdir(scratch.path), 0);
}

static void end(void)
{
	scratch_remove(&scratch);
}

TestSuite(plugin_new, .init = begin, .fini = end);

static void read_into(struct buffer *text, const char *folder, const char *file)
{
	auto_free char *path = scratch_path(&scratch, "%s/%s", folder, file);
	struct error err;

	buffer_clear(text);
	cr_assert_eq(file_read_path(path, text, &err), 0, "%s", err.text);
}

Test(plugin_new, has_every_file_and_its_own_name_in_all_of_them)
{
	auto_buffer struct buffer text = BUFFER_INIT(64 * KIB);
	struct error err = {0};

	cr_assert_eq(plugin_new("disk-free", &err), 0, "%s", err.text);
	for (size_t i = 0; i < FILES; i++) {
		read_into(&text, "disk-free", files[i]);
		cr_assert_null(strstr(buffer_text(&text), "template"), "%s", files[i]);
	}
	read_into(&text, "disk-free", "CMakeLists.txt");
	cr_assert_not_null(strstr(buffer_text(&text), "preflight_plugin(disk-free SOURCES"));
	read_into(&text, "disk-free", "plugin.c");
	cr_assert_not_null(strstr(buffer_text(&text), ".name = \"disk-free\""));
	/* Not every name of a plugin is one of C's. */
	read_into(&text, "disk-free", "test.c");
	cr_assert_null(strstr(buffer_text(&text), "Test(disk-free"));
}

Test(plugin_new, refuses_what_is_no_name)
{
	char longest[33] = "";
	char endless[4001] = "";
	const char *const wrong[] = {"",    ".",    "..",  "../evil",  "Capital", "1st",  "-x",
				     "a b", "a\nb", "a/b", "\303\244", "a.so",    endless};
	struct error err;

	memset(endless, 'a', sizeof(endless) - 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_assert_eq(plugin_new(wrong[i], &err), -EINVAL, "%.40s", wrong[i]);
		cr_assert_not_null(strstr(err.text, "at most 32"), "%s", err.text);
	}
	cr_assert_eq(rmdir(scratch.path), 0, "something was written");
	cr_assert_eq(mkdir(scratch.path, 0755), 0);
	cr_assert_eq(chdir(scratch.path), 0);
	memset(longest, 'a', sizeof(longest) - 1);
	cr_assert_eq(plugin_new(longest, &err), 0, "%s", err.text);
}

Test(plugin_new, leaves_what_is_there_as_it_is)
{
	auto_free char *mine = scratch_path(&scratch, "mine");
	auto_free char *link = scratch_path(&scratch, "link");
	struct error err;

	scratch_write(mine, "a file");
	cr_assert_eq(symlink("nowhere", link), 0);
	char *before = scratch_listing(scratch.path, NULL);

	cr_assert_eq(plugin_new("mine", &err), -EEXIST);
	cr_assert_not_null(strstr(err.text, "mine"), "%s", err.text);
	cr_assert_eq(plugin_new("link", &err), -EEXIST);
	char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

/* In a child, which no file may outgrow: the disk is full in the middle of the template. */
static int write_without_room(void)
{
	const struct rlimit room = {600, 600};
	struct error err;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &room) < 0) {
		return 2;
	}
	return plugin_new("half", &err) == -EFBIG ? 0 : 1;
}

Test(plugin_new, is_gone_when_it_could_not_be_written_whole)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		_exit(write_without_room());
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_eq(access("half", F_OK), -1, "half of it is left");
}

Test(plugin_new, where_nobody_may_write_says_so)
{
	struct error err;

	if (geteuid() == 0) {
		cr_skip_test("root may write everywhere");
	}
	cr_assert_eq(chmod(scratch.path, 0555), 0);
	int rc = plugin_new("uptime", &err);

	cr_assert_eq(chmod(scratch.path, 0755), 0);
	cr_assert_eq(rc, -EACCES);
	cr_assert_not_null(strstr(err.text, "cannot make the folder uptime"), "%s", err.text);
}

#define AT_ONCE 8

Test(plugin_new, of_several_at_once_one_makes_it_and_makes_all_of_it)
{
	auto_buffer struct buffer text = BUFFER_INIT(64 * KIB);
	unsigned made = 0;

	for (int i = 0; i < AT_ONCE; i++) {
		pid_t child = fork();
		struct error err;

		if (child == 0) {
			int rc = plugin_new("shared", &err);

			_exit(rc == 0 ? 0 : rc == -EEXIST ? 1 : 2);
		}
		cr_assert_gt(child, 0);
	}
	for (int i = 0; i < AT_ONCE; i++) {
		int status = 0;

		cr_assert_gt(waitpid(-1, &status, 0), 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		made += WEXITSTATUS(status) == 0;
	}
	cr_assert_eq(made, 1);
	for (size_t i = 0; i < FILES; i++) {
		read_into(&text, "shared", files[i]);
		cr_assert_gt(text.length, 0);
	}
}
