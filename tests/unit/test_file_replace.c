/*
 * test_file_replace.c - file.h: files that are replaced and copied whole or not at all.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/guard.h"
#include "file_case.h"
#include "support/scratch.h"

static struct scratch scratch;

static void set_up(void)
{
	scratch = file_case_make();
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(file_replace, .init = set_up, .fini = tear_down);

Test(file_replace, replacing_makes_a_file_with_its_mode_whatever_the_umask)
{
	auto_free char *path = scratch_path(&scratch, "file");
	auto_free char *content = NULL;
	struct error err;
	struct stat st;

	(void)umask(0777);
	cr_assert_eq(file_replace(path, "new", 3, 0644, &err), 0);
	(void)umask(0022);
	cr_assert_eq(lstat(path, &st), 0);
	cr_assert_eq(st.st_mode, S_IFREG | 0644);
	cr_assert_eq(file_replace(path, "a\0b", 3, 0600, &err), 0);
	cr_assert_eq(lstat(path, &st), 0);
	cr_assert_eq(st.st_mode, S_IFREG | 0600);
	cr_assert_eq(st.st_size, 3);
	cr_assert_eq(file_replace(path, "", 0, 0600, &err), 0);
	content = scratch_read(path);
	cr_assert_str_eq(content, "");
}

Test(file_replace, who_has_the_old_file_open_keeps_the_old_content)
{
	auto_free char *path = scratch_path(&scratch, "file");
	auto_buffer struct buffer content = BUFFER_INIT(100);
	struct error err;

	scratch_write(path, "old");
	auto_close int fd = file_open(path, &err);

	cr_assert_eq(file_replace(path, "new", 3, 0644, &err), 0);
	cr_assert_eq(file_read(fd, path, &content, &err), 0);
	cr_assert_str_eq(buffer_text(&content), "old");
}

Test(file_replace, replacing_a_link_leaves_what_it_leads_to)
{
	auto_free char *target = scratch_path(&scratch, "target");
	auto_free char *link = scratch_path(&scratch, "link");
	struct error err;
	struct stat st;

	scratch_write(target, "canary");
	cr_assert_eq(symlink(target, link), 0);
	cr_assert_eq(file_replace(link, "new", 3, 0644, &err), 0);
	auto_free char *content = scratch_read(target);

	cr_assert_str_eq(content, "canary");
	cr_assert_eq(lstat(link, &st), 0);
	cr_assert(S_ISREG(st.st_mode));
}

Test(file_replace, a_replacement_that_fails_leaves_nothing_behind)
{
	auto_free char *directory = scratch_path(&scratch, "directory");
	auto_free char *missing = scratch_path(&scratch, "missing/file");
	auto_free char *inside = scratch_path(&scratch, "directory/inside");
	struct error err;

	scratch_directory(inside);
	auto_free char *before = scratch_listing(scratch.path, NULL);

	cr_assert_eq(file_replace(directory, "new", 3, 0644, &err), -EISDIR);
	cr_assert_not_null(strstr(err.text, directory));
	cr_assert_eq(file_replace(missing, "new", 3, 0644, &err), -ENOENT);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
}

Test(file_replace, a_lone_writer_takes_away_what_a_killed_one_left)
{
	auto_free char *path = scratch_path(&scratch, "file");
	auto_free char *left = scratch_path(&scratch, "file.new");
	auto_free char *target = scratch_path(&scratch, "target");
	struct error err;

	scratch_write(path, "old");
	scratch_write(left, "half of");
	cr_assert_eq(file_replace_alone(path, "new", 3, 0644, &err), 0);
	cr_assert_not(scratch_exists(left));
	scratch_write(target, "canary");
	cr_assert_eq(symlink(target, left), 0);
	cr_assert_eq(file_replace_alone(path, "newer", 5, 0644, &err), 0);
	auto_free char *content = scratch_read(path);
	auto_free char *canary = scratch_read(target);

	cr_assert_str_eq(content, "newer");
	cr_assert_str_eq(canary, "canary");
	cr_assert_not(scratch_exists(left));
}

Test(file_replace, a_lone_writer_leaves_alone_what_is_as_it_should_be)
{
	auto_free char *path = scratch_path(&scratch, "file");
	struct error err;
	struct stat before;
	struct stat after;

	cr_assert_eq(file_replace_alone(path, "text", 4, 0644, &err), 0);
	cr_assert_eq(lstat(path, &before), 0);
	cr_assert_eq(file_replace_alone(path, "text", 4, 0644, &err), 0);
	cr_assert_eq(lstat(path, &after), 0);
	cr_assert_eq(before.st_ino, after.st_ino);
	cr_assert_eq(file_replace_alone(path, "tex2", 4, 0644, &err), 0);
	auto_free char *content = scratch_read(path);

	cr_assert_str_eq(content, "tex2");
	cr_assert_eq(file_replace_alone(path, "tex2", 4, 0600, &err), 0);
	cr_assert_eq(lstat(path, &after), 0);
	cr_assert_eq(after.st_mode, S_IFREG | 0600);
}

static int replace_it(const char *path)
{
	struct error err;

	return file_replace(path, "new", 3, 0644, &err);
}

Test(file_replace, a_read_only_directory_keeps_its_file)
{
	auto_free char *directory = scratch_path(&scratch, "read-only");
	auto_free char *path = scratch_path(&scratch, "read-only/file");

	scratch_directory(directory);
	scratch_write_bytes(path, "old", 3, 0666);
	cr_assert_eq(chmod(directory, 0555), 0);
	auto_free char *before = scratch_listing(scratch.path, NULL);

	cr_assert_eq(as_ordinary_user(replace_it, path), -EACCES);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
	cr_assert_eq(chmod(directory, 0755), 0);
}

static int replace_without_room(const char *path)
{
	struct rlimit two_bytes = {2, 2};

	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &two_bytes) < 0) {
		return -EPERM;
	}
	return replace_it(path);
}

Test(file_replace, without_room_the_old_file_stays_and_nothing_beside_it)
{
	auto_free char *path = scratch_path(&scratch, "file");

	scratch_write(path, "old");
	cr_assert_eq(chmod(scratch.path, 0777), 0);
	auto_free char *before = scratch_listing(scratch.path, NULL);

	cr_assert_eq(as_ordinary_user(replace_without_room, path), -EFBIG);
	auto_free char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(after, before);
}

static void assert_copied(int from, const char *from_name, const char *to_name)
{
	auto_close int to = open(to_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct digest original;
	struct digest copy;
	uint64_t original_size = 0;
	uint64_t copy_size = 1;
	struct error err;

	cr_assert_geq(to, 0);
	cr_assert_eq(lseek(from, 1, SEEK_SET), 1);
	cr_assert_eq(file_copy(from, to, to_name, &err), 0, "%s", err.text);
	cr_assert_eq(digest_fd(from, from_name, &original, &original_size, &err), 0);
	cr_assert_eq(digest_fd(to, to_name, &copy, &copy_size, &err), 0);
	cr_assert_eq(copy_size, original_size);
	cr_assert_eq(memcmp(&copy, &original, sizeof(copy)), 0);
}

Test(file_replace, copies_are_equal_be_they_empty_small_or_sparse)
{
	static const struct {
		off_t size;
		off_t written_at; /* three bytes; -1: none */
	} cases[] = {{0, -1}, {3, 0}, {200001, 70000}, {20000000, 10000000}, {5000000, -1}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *from_name = scratch_path(&scratch, "from-%zu", i);
		auto_free char *to_name = scratch_path(&scratch, "to-%zu", i);
		auto_close int from = open(from_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		cr_assert_eq(ftruncate(from, cases[i].size), 0);
		if (cases[i].written_at >= 0) {
			cr_assert_eq(pwrite(from, "xyz", 3, cases[i].written_at), 3);
		}
		assert_copied(from, from_name, to_name);
	}
}

Test(file_replace, a_memory_file_is_copied_to_a_disk)
{
	auto_free char *to_name = scratch_path(&scratch, "to");
	auto_free char *content = calloc(300000, 1);
	auto_close int from = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct error err;

	cr_assert_not_null(content);
	memset(content, 'm', 300000);
	cr_assert_eq(file_write(from, "memory", content, 300000, &err), 0);
	cr_assert_eq(fcntl(from, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	assert_copied(from, "memory", to_name);
}

Test(file_replace, copies_cross_file_systems_in_both_directions)
{
	char memory[] = "/dev/shm/banger-test-XXXXXX";
	auto_free char *there = NULL;
	auto_free char *disk = scratch_path(&scratch, "disk");
	auto_free char *back = scratch_path(&scratch, "back");
	struct stat here;
	struct stat shm;
	struct error err;

	if (mkdtemp(memory) == NULL) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("there is no /dev/shm to write to");
	}
	cr_assert_eq(stat(memory, &shm), 0);
	cr_assert_eq(stat(scratch.path, &here), 0);
	cr_assert(asprintf(&there, "%s/there", memory) > 0);
	auto_close int from = open(disk, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(ftruncate(from, 200000), 0);
	cr_assert_eq(pwrite(from, "xyz", 3, 150000), 3);
	assert_copied(from, disk, there);
	auto_close int middle = file_open(there, &err);

	assert_copied(middle, there, back);
	cr_assert_eq(file_remove_tree(memory, &err), 0);
	if (here.st_dev == shm.st_dev) {
		tear_down();
		cr_skip_test("/tmp and /dev/shm are one file system");
	}
}

Test(file_replace, a_file_of_the_kernel_is_not_copied_as_an_empty_one)
{
	auto_free char *to_name = scratch_path(&scratch, "to");
	auto_close int from = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	auto_close int to = open(to_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct error err;
	struct stat st;

	cr_assert_eq(file_copy(from, to, to_name, &err), 0, "%s", err.text);
	cr_assert_eq(fstat(to, &st), 0);
	cr_assert_gt(st.st_size, 100);
}

Test(file_replace, a_copy_that_cannot_be_written_or_read_is_an_error)
{
	auto_free char *name = scratch_path(&scratch, "file");
	int ends[2];
	struct error err;

	scratch_write(name, "content");
	auto_close int file = file_open(name, &err);
	auto_close int full = open("/dev/full", O_RDWR | O_CLOEXEC);
	auto_close int target = open(name, O_RDWR | O_CLOEXEC);

	cr_assert_eq(file_copy(file, full, "the file", &err), -ENOSPC);
	cr_assert_eq(file_copy(file, file, "the file", &err), -EBADF);
	cr_assert_eq(pipe(ends), 0);
	cr_assert_lt(file_copy(ends[0], target, "the pipe", &err), 0);
	cr_assert_not_null(strstr(err.text, "the pipe"));
	cr_assert_eq(close(ends[0]), 0);
	cr_assert_eq(close(ends[1]), 0);
}

Test(file_replace, syncing_needs_the_directory_to_be_one)
{
	auto_free char *file = scratch_path(&scratch, "file");
	auto_free char *missing = scratch_path(&scratch, "missing");
	auto_free char *below = scratch_path(&scratch, "missing/file");
	struct error err;

	scratch_write(file, "x");
	cr_assert_eq(file_sync_directory(scratch.path, &err), 0);
	cr_assert_eq(file_sync_parent(file, &err), 0);
	cr_assert_eq(file_sync_parent(missing, &err), 0);
	cr_assert_eq(file_sync_directory(file, &err), -ENOTDIR);
	cr_assert_eq(file_sync_directory(missing, &err), -ENOENT);
	cr_assert_eq(file_sync_parent(below, &err), -ENOENT);
	cr_assert_eq(file_sync(-1, "nothing", &err), -EBADF);
}
