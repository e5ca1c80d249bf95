/*
 * test_file.c - file.h: paths, and files that are opened and read whole or not at all.
 */
#include "base/file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "file_case.h"
#include "support/scratch.h"

#define LONG_NAME 4000

static struct scratch scratch;

static void set_up(void)
{
	scratch = file_case_make();
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(file, .init = set_up, .fini = tear_down);

static char *long_path(void)
{
	char *path = scratch_path(&scratch, "%0*d", LONG_NAME, 0);

	cr_assert_not_null(path);
	return path;
}

Test(file, paths_are_joined_with_one_slash)
{
	static const struct {
		const char *root;
		const char *path;
		const char *joined;
	} cases[] = {
		{NULL, "/a", "/a"},       {"", "/a", "/a"},      {"", "a", "a"},
		{"/r", "/a/b", "/r/a/b"}, {"/r/", "/a", "/r/a"}, {"/r//", "//a", "/r/a"},
		{"/", "/a", "/a"},        {"/", "a", "/a"},      {"//", "//a", "/a"},
		{"r", "a", "r/a"},        {"/r", "/", "/r/"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *joined = path_join(cases[i].root, cases[i].path);

		cr_assert_str_eq(joined, cases[i].joined, "case %zu", i);
	}
}

Test(file, a_path_has_a_name_and_a_directory)
{
	static const struct {
		const char *path;
		const char *name;
		const char *directory;
	} cases[] = {
		{"/a/b", "b", "/a"}, {"/a", "a", "/"},      {"/", "", "/"},    {"a", "a", "."},
		{"", "", "."},       {"a/b/c", "c", "a/b"}, {"/a/", "", "/a"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *directory = path_directory(cases[i].path);

		cr_assert_str_eq(path_name(cases[i].path), cases[i].name);
		cr_assert_str_eq(directory, cases[i].directory, "'%s'", cases[i].path);
	}
}

Test(file, a_regular_file_is_opened_and_no_child_inherits_it)
{
	auto_free char *path = scratch_path(&scratch, "file");
	struct error err;

	scratch_write(path, "content");
	auto_close int fd = file_open(path, &err);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void assert_refused(const char *path, int code)
{
	struct error err = {0};

	cr_assert_eq(file_open(path, &err), code, "%s: %s", path, err.text);
	cr_assert_eq(err.code, code);
	cr_assert_not_null(strstr(err.text, path), "%s", err.text);
}

Test(file, what_is_not_a_regular_file_is_not_opened)
{
	auto_free char *file = scratch_path(&scratch, "file");
	auto_free char *link = scratch_path(&scratch, "link");
	auto_free char *dangling = scratch_path(&scratch, "dangling");
	auto_free char *fifo = scratch_path(&scratch, "fifo");
	auto_free char *missing = scratch_path(&scratch, "missing");
	auto_free char *below = scratch_path(&scratch, "file/below");

	scratch_write(file, "content");
	cr_assert_eq(symlink(file, link), 0);
	cr_assert_eq(symlink("nowhere", dangling), 0);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	assert_refused(link, -ELOOP);
	assert_refused(dangling, -ELOOP);
	assert_refused(fifo, -EINVAL);
	assert_refused(scratch.path, -EISDIR);
	assert_refused("/dev/null", -EINVAL);
	assert_refused(missing, -ENOENT);
	assert_refused(below, -ENOTDIR);
}

Test(file, a_socket_is_not_opened)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct error err;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", scratch.path);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_lt(file_open(address.sun_path, &err), 0);
}

Test(file, a_name_of_four_thousand_characters_is_refused_with_its_reason)
{
	auto_free char *path = long_path();
	auto_buffer struct buffer content = BUFFER_INIT(10);
	struct error err;

	cr_assert_eq(file_open(path, &err), -ENAMETOOLONG);
	cr_assert(text_has_suffix(err.text, strerror(ENAMETOOLONG)), "%s", err.text);
	cr_assert_eq(file_read_path(path, &content, &err), -ENAMETOOLONG);
	cr_assert_eq(file_replace(path, "x", 1, 0644, &err), -ENAMETOOLONG);
	cr_assert_eq(file_sync_parent(path, &err), 0);
}

static int open_it(const char *path)
{
	struct error err;
	auto_close int fd = file_open(path, &err);

	return fd < 0 ? fd : 0;
}

Test(file, an_unreadable_file_is_an_error)
{
	auto_free char *path = scratch_path(&scratch, "secret");

	scratch_write_bytes(path, "x", 1, 0000);
	cr_assert_eq(as_ordinary_user(open_it, path), -EACCES);
}

Test(file, reading_appends_up_to_exactly_the_maximum)
{
	auto_free char *path = scratch_path(&scratch, "file");
	auto_buffer struct buffer fits = BUFFER_INIT(9);
	auto_buffer struct buffer small = BUFFER_INIT(8);
	struct error err;

	scratch_write(path, "1234567");
	cr_assert_eq(buffer_add(&fits, "->", 2), 0);
	cr_assert_eq(file_read_path(path, &fits, &err), 0);
	cr_assert_str_eq(buffer_text(&fits), "->1234567");
	cr_assert_eq(buffer_add(&small, "->", 2), 0);
	cr_assert_eq(file_read_path(path, &small, &err), -E2BIG);
	cr_assert_not_null(strstr(err.text, path));
	cr_assert_not_null(strstr(err.text, "8 bytes"), "%s", err.text);
}

Test(file, an_endless_file_ends_at_the_maximum)
{
	auto_buffer struct buffer content = BUFFER_INIT(200000);
	auto_close int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct error err;

	cr_assert_eq(file_read(fd, "/dev/zero", &content, &err), -E2BIG);
}

Test(file, a_large_file_is_read_whole)
{
	auto_free char *path = scratch_path(&scratch, "file");
	auto_buffer struct buffer content = BUFFER_INIT(MIB);
	auto_buffer struct buffer read = BUFFER_INIT(MIB);
	struct error err;

	for (int i = 0; i < 40000; i++) {
		cr_assert_eq(buffer_add_format(&content, "%d,", i), 0);
	}
	scratch_write_bytes(path, content.data, content.length, 0644);
	cr_assert_eq(file_read_path(path, &read, &err), 0);
	cr_assert_eq(read.length, content.length);
	cr_assert_str_eq(buffer_text(&read), buffer_text(&content));
}

Test(file, writing_to_a_full_device_is_an_error)
{
	auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct error err;

	cr_assert_eq(file_write(fd, "the disk", "x", 1, &err), -ENOSPC);
	cr_assert(text_has_prefix(err.text, "cannot write the disk: "), "%s", err.text);
	cr_assert_eq(file_write(fd, "the disk", NULL, 0, &err), 0);
}
