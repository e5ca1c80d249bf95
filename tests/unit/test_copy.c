/*
 * test_copy.c - copies of files that change, and copies brought up to date.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "install/copy.h"
#include "support/scratch.h"

#define SIZE ((size_t)3 << 20)

static struct scratch scratch;
static struct error err;
static int from;
static int to;

static int make(const char *name)
{
	char *path = scratch_path(&scratch, "%s", name);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	cr_assert(fd >= 0);
	free(path);
	return fd;
}

static void fill(int fd, size_t length, char what)
{
	char *bytes = malloc(length);

	cr_assert_not_null(bytes);
	memset(bytes, what, length);
	cr_assert(pwrite(fd, bytes, length, 0) == (ssize_t)length);
	free(bytes);
}

static void set_up(void)
{
	scratch = scratch_make();
	from = make("from");
	to = make("to");
	fill(from, SIZE, 'a');
}

static void tear_down(void)
{
	(void)close(from);
	(void)close(to);
	scratch_remove(&scratch);
}

TestSuite(copy, .init = set_up, .fini = tear_down, .timeout = 60);

static void expect_equal(void)
{
	char *a = scratch_path(&scratch, "from");
	char *b = scratch_path(&scratch, "to");
	char *ours = scratch_read(a);
	char *theirs = scratch_read(b);

	cr_assert_str_eq(ours, theirs);
	free(a);
	free(b);
	free(ours);
	free(theirs);
}

Test(copy, it_ends_with_the_file_when_that_is_shorter)
{
	uint64_t end = 0;

	cr_assert(copy_range(from, to, 0, UINT64_MAX, "from", &end, &err) == 0, "%s", err.text);
	cr_assert_eq(end, SIZE);
	expect_equal();
}

Test(copy, a_part_goes_where_it_was)
{
	uint64_t end = 0;
	char byte = 0;

	cr_assert(copy_range(from, to, 100, 200, "from", &end, &err) == 0, "%s", err.text);
	cr_assert_eq(end, 200);
	cr_assert(pread(to, &byte, 1, 99) == 1 && byte == '\0');
	cr_assert(pread(to, &byte, 1, 100) == 1 && byte == 'a');
	cr_assert(pread(to, &byte, 1, 200) == 0);
}

Test(copy, a_patch_writes_what_differs_and_cuts_what_is_too_long)
{
	fill(to, SIZE + 4096, 'a');
	cr_assert(pwrite(from, "b", 1, 5000) == 1);
	cr_assert(copy_patch(from, to, "from", &err) == 0, "%s", err.text);
	expect_equal();
	struct stat st;

	cr_assert(fstat(to, &st) == 0 && st.st_size == (off_t)SIZE);
}

Test(copy, a_patch_adds_what_has_grown)
{
	fill(to, 4096, 'a');
	cr_assert(copy_patch(from, to, "from", &err) == 0, "%s", err.text);
	expect_equal();
}
