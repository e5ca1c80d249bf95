/*
 * test_tree.c - file.h's directories: made with their parents, removed without a step outside.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"
#include "support/scratch.h"

static struct scratch scratch;

static void set_up(void)
{
	scratch = scratch_make();
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(tree, .init = set_up, .fini = tear_down);

static mode_t mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(lstat(path, &st), 0, "%s", path);
	return st.st_mode;
}

Test(tree, missing_parents_are_made_and_all_get_the_mode)
{
	auto_free char *path = scratch_path(&scratch, "a/b/c");
	auto_free char *parent = scratch_path(&scratch, "a");
	struct error err;

	cr_assert_eq(file_make_directories(path, 0750, &err), 0);
	cr_assert_eq(mode_of(path), S_IFDIR | 0750);
	cr_assert_eq(mode_of(parent), S_IFDIR | 0750);
	cr_assert_eq(file_make_directories(path, 0700, &err), 0);
	cr_assert_eq(mode_of(path), S_IFDIR | 0750, "one that was there keeps its mode");
}

Test(tree, a_strict_umask_does_not_take_the_mode_away)
{
	auto_free char *path = scratch_path(&scratch, "a/b");
	auto_free char *parent = scratch_path(&scratch, "a");
	struct error err;

	(void)umask(0077);
	cr_assert_eq(file_make_directories(path, 0755, &err), 0);
	(void)umask(0022);
	cr_assert_eq(mode_of(path), S_IFDIR | 0755);
	cr_assert_eq(mode_of(parent), S_IFDIR | 0755);
}

Test(tree, slashes_may_be_doubled_or_trail)
{
	auto_free char *path = scratch_path(&scratch, "a//b///");
	auto_free char *made = scratch_path(&scratch, "a/b");
	struct error err;

	cr_assert_eq(file_make_directories(path, 0755, &err), 0);
	cr_assert(S_ISDIR(mode_of(made)));
	cr_assert_eq(file_make_directories("/", 0755, &err), 0);
	cr_assert_eq(file_make_directories("///tmp//", 0755, &err), 0);
}

Test(tree, a_relative_path_counts_from_here_and_an_empty_one_is_nowhere)
{
	auto_free char *made = scratch_path(&scratch, "here/below");
	struct error err;

	cr_assert_eq(chdir(scratch.path), 0);
	cr_assert_eq(file_make_directories("here/below", 0755, &err), 0);
	cr_assert(S_ISDIR(mode_of(made)));
	cr_assert_eq(file_make_directories("", 0755, &err), -ENOENT);
}

Test(tree, what_is_no_directory_is_in_the_way)
{
	auto_free char *file = scratch_path(&scratch, "file");
	auto_free char *below = scratch_path(&scratch, "file/below");
	auto_free char *dangling = scratch_path(&scratch, "dangling");
	struct error err;

	scratch_write(file, "x");
	cr_assert_eq(symlink("nowhere", dangling), 0);
	cr_assert_eq(file_make_directories(file, 0755, &err), -ENOTDIR);
	cr_assert_not_null(strstr(err.text, file));
	cr_assert_eq(file_make_directories(below, 0755, &err), -ENOTDIR);
	cr_assert_eq(file_make_directories(dangling, 0755, &err), -ENOTDIR);
}

Test(tree, a_link_to_a_directory_is_one)
{
	auto_free char *real = scratch_path(&scratch, "real");
	auto_free char *link = scratch_path(&scratch, "link");
	auto_free char *path = scratch_path(&scratch, "link/below");
	auto_free char *made = scratch_path(&scratch, "real/below");
	struct error err;

	scratch_directory(real);
	cr_assert_eq(symlink("real", link), 0);
	cr_assert_eq(file_make_directories(path, 0755, &err), 0);
	cr_assert(S_ISDIR(mode_of(made)));
}

/* Directories of 200 characters each below scratch, in all about length characters long. */
static char *long_path(size_t length)
{
	auto_buffer struct buffer path = BUFFER_INIT(8192);

	cr_assert_eq(buffer_add_format(&path, "%s", scratch.path), 0);
	while (path.length + 201 <= length) {
		cr_assert_eq(buffer_add_format(&path, "/%0200d", 0), 0);
	}
	return buffer_detach(&path);
}

Test(tree, a_path_of_four_thousand_characters_is_made_and_removed)
{
	auto_free char *path = long_path(4090);
	auto_free char *top = scratch_path(&scratch, "%0200d", 0);
	struct error err;

	cr_assert_gt(strlen(path), 3800);
	cr_assert_eq(file_make_directories(path, 0755, &err), 0, "%s", err.text);
	cr_assert(S_ISDIR(mode_of(path)));
	cr_assert_eq(file_remove_tree(top, &err), 0);
	cr_assert_not(scratch_exists(top));
}

Test(tree, a_path_that_is_too_long_says_so)
{
	auto_free char *path = long_path(6000);
	auto_free char *name = scratch_path(&scratch, "%04000d", 0);
	struct error err;

	cr_assert_eq(file_make_directories(path, 0755, &err), -ENAMETOOLONG);
	cr_assert(text_has_suffix(err.text, strerror(ENAMETOOLONG)), "%s", err.text);
	cr_assert_eq(file_make_directories(name, 0755, &err), -ENAMETOOLONG);
	cr_assert_eq(file_remove_tree(name, &err), -ENAMETOOLONG);
}

Test(tree, what_is_missing_is_removed_already)
{
	auto_free char *path = scratch_path(&scratch, "missing");
	struct error err;

	cr_assert_eq(file_remove_tree(path, &err), 0);
}

Test(tree, everything_below_goes_and_nothing_beside)
{
	auto_free char *tree = scratch_path(&scratch, "tree");
	auto_free char *directory = scratch_path(&scratch, "tree/a/b");
	auto_free char *file = scratch_path(&scratch, "tree/a/file");
	auto_free char *hidden = scratch_path(&scratch, "tree/..hidden");
	auto_free char *fifo = scratch_path(&scratch, "tree/a/b/fifo");
	auto_free char *beside = scratch_path(&scratch, "tree2");
	struct error err;

	scratch_directory(directory);
	scratch_write_bytes(file, "x", 1, 0000);
	scratch_write(hidden, "x");
	scratch_write(beside, "x");
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	cr_assert_eq(file_remove_tree(tree, &err), 0, "%s", err.text);
	cr_assert_not(scratch_exists(tree));
	cr_assert(scratch_exists(beside));
	cr_assert_eq(file_remove_tree(beside, &err), 0);
	cr_assert_not(scratch_exists(beside));
}

Test(tree, thousands_of_entries_go)
{
	auto_free char *tree = scratch_path(&scratch, "tree");
	struct error err;

	scratch_directory(tree);
	for (int i = 0; i < 3000; i++) {
		auto_free char *file = scratch_path(&scratch, "tree/entry-%d", i);
		auto_close int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

		cr_assert_geq(fd, 0);
	}
	cr_assert_eq(file_remove_tree(tree, &err), 0, "%s", err.text);
	cr_assert_not(scratch_exists(tree));
}

/* A directory outside of the tree with a file in it that has to live. */
static char *make_canary(void)
{
	auto_free char *outside = scratch_path(&scratch, "outside");
	char *canary = scratch_path(&scratch, "outside/canary");

	scratch_directory(outside);
	scratch_write(canary, "alive");
	return canary;
}

static void assert_alive(const char *canary)
{
	auto_free char *content = scratch_read(canary);

	cr_assert_str_eq(content, "alive");
}

Test(tree, links_to_the_outside_go_and_the_outside_stays)
{
	auto_free char *canary = make_canary();
	auto_free char *tree = scratch_path(&scratch, "tree");
	auto_free char *to_file = scratch_path(&scratch, "tree/to-file");
	auto_free char *to_directory = scratch_path(&scratch, "tree/to-directory");
	auto_free char *to_parent = scratch_path(&scratch, "tree/to-parent");
	struct error err;

	scratch_directory(tree);
	cr_assert_eq(symlink(canary, to_file), 0);
	cr_assert_eq(symlink("../outside", to_directory), 0);
	cr_assert_eq(symlink("..", to_parent), 0);
	cr_assert_eq(file_remove_tree(tree, &err), 0, "%s", err.text);
	cr_assert_not(scratch_exists(tree));
	assert_alive(canary);
}

Test(tree, a_link_in_place_of_the_tree_is_removed_itself)
{
	auto_free char *canary = make_canary();
	auto_free char *link = scratch_path(&scratch, "link");
	struct error err;

	cr_assert_eq(symlink("outside", link), 0);
	cr_assert_eq(file_remove_tree(link, &err), 0);
	cr_assert_not(scratch_exists(link));
	assert_alive(canary);
}

Test(tree, a_slash_behind_a_link_does_not_lead_through_it)
{
	auto_free char *canary = make_canary();
	auto_free char *link = scratch_path(&scratch, "link");
	auto_free char *slashed = scratch_path(&scratch, "link//");
	struct error err;

	cr_assert_eq(symlink("outside", link), 0);
	cr_assert_eq(file_remove_tree(slashed, &err), 0, "%s", err.text);
	cr_assert_not(scratch_exists(link));
	assert_alive(canary);
}

Test(tree, a_tree_with_a_slash_behind_it_is_removed)
{
	auto_free char *tree = scratch_path(&scratch, "tree");
	auto_free char *slashed = scratch_path(&scratch, "tree/");
	auto_free char *below = scratch_path(&scratch, "tree/a/b");
	struct error err;

	scratch_directory(below);
	cr_assert_eq(file_remove_tree(slashed, &err), 0);
	cr_assert_not(scratch_exists(tree));
}

/* depth directories in each other below tree, with names that pass PATH_MAX together. */
static void make_deep(const char *tree, int depth)
{
	char name[201];

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	scratch_directory(tree);
	int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < depth; i++) {
		cr_assert_eq(mkdirat(fd, name, 0700), 0);
		int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		cr_assert_geq(below, 0);
		cr_assert_eq(close(fd), 0);
		fd = below;
	}
	cr_assert_eq(close(fd), 0);
}

/* Takes levels of directories off the top of what make_deep() made. */
static void make_shallower(const char *tree, int levels)
{
	auto_free char *spare = scratch_path(&scratch, "spare");

	for (int i = 0; i < levels; i++) {
		auto_free char *below = scratch_path(&scratch, "tree/%.*s", 200,
						     "dddddddddddddddddddddddddddddddddddddddd"
						     "dddddddddddddddddddddddddddddddddddddddd"
						     "dddddddddddddddddddddddddddddddddddddddd"
						     "dddddddddddddddddddddddddddddddddddddddd"
						     "dddddddddddddddddddddddddddddddddddddddd");

		cr_assert_eq(rename(below, spare), 0);
		cr_assert_eq(rmdir(tree), 0);
		cr_assert_eq(rename(spare, tree), 0);
	}
}

Test(tree, a_deep_tree_is_removed_whatever_the_length_of_its_paths)
{
	auto_free char *tree = scratch_path(&scratch, "tree");
	struct error err;

	make_deep(tree, 200);
	cr_assert_eq(file_remove_tree(tree, &err), 0, "%s", err.text);
	cr_assert_not(scratch_exists(tree));
}

Test(tree, a_tree_deeper_than_any_of_ours_is_refused_in_words)
{
	auto_free char *tree = scratch_path(&scratch, "tree");
	struct error err;

	make_deep(tree, 400);
	cr_assert_eq(file_remove_tree(tree, &err), -ELOOP);
	cr_assert_not_null(strstr(err.text, tree));
	cr_assert_not_null(strstr(err.text, "nested too deeply"), "%s", err.text);
	make_shallower(tree, 250);
}

/* In a child with a mount table of its own: outside is mounted below tree, then tree removed. */
static int remove_with_mount(const char *tree, const char *mounted, const char *outside)
{
	struct error err;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(outside, mounted, NULL, MS_BIND, NULL) < 0) {
		return EPERM;
	}
	return -file_remove_tree(tree, &err);
}

Test(tree, a_mount_is_not_crossed_not_even_one_of_the_same_file_system)
{
	auto_free char *canary = make_canary();
	auto_free char *outside = scratch_path(&scratch, "outside");
	auto_free char *tree = scratch_path(&scratch, "tree");
	auto_free char *mounted = scratch_path(&scratch, "tree/mounted");
	int status = 0;

	scratch_directory(mounted);
	pid_t pid = fork();

	if (pid == 0) {
		_exit(remove_with_mount(tree, mounted, outside));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	assert_alive(canary);
	if (WEXITSTATUS(status) == EPERM) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can mount");
	}
	cr_assert_eq(WEXITSTATUS(status), EXDEV);
}

static int remove_unprivileged(const char *path)
{
	struct error err;

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresuid(65534, 65534, 65534) < 0)) {
		return 255;
	}
	return -file_remove_tree(path, &err);
}

Test(tree, what_may_not_be_removed_is_an_error)
{
	auto_free char *guarded = scratch_path(&scratch, "guarded");
	auto_free char *file = scratch_path(&scratch, "guarded/file");
	int status = 0;

	scratch_directory(guarded);
	scratch_write(file, "x");
	cr_assert_eq(chmod(scratch.path, 0755), 0);
	cr_assert_eq(chmod(guarded, 0555), 0);
	pid_t pid = fork();

	if (pid == 0) {
		_exit(remove_unprivileged(guarded));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), EACCES);
	cr_assert(scratch_exists(file));
	cr_assert_eq(chmod(guarded, 0755), 0);
}
