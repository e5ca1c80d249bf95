/*
 * test_swap.c - a file replaced and put back: never a moment without it, everything as it was.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "swap_case.h"

TestSuite(swap, .init = set_up, .fini = tear_down, .timeout = 60);

static void expect_beside(const char *suffix, const char *content)
{
	char *path = beside(suffix);

	expect_content(path, content);
	free(path);
}

static unsigned entries_in(const char *directory)
{
	DIR *open = opendir(directory);
	unsigned count = 0;

	cr_assert_not_null(open);
	while (readdir(open) != NULL) {
		count++;
	}
	(void)closedir(open);
	return count - 2;
}

Test(swap, planning_changes_nothing)
{
	install_old();
	char *before = scratch_listing(scratch.path, NULL);
	struct swap_plan made = plan();
	char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(before, after);
	cr_assert(made.existed && made.old_inode != 0 && made.backup_inode == 0);
	swap_plan_finish(&made);
	free(before);
	free(after);
}

Test(swap, the_new_file_is_in_place_and_the_old_one_is_the_backup)
{
	install_old();
	install_earlier();
	struct swap_plan made = plan();

	forward(&made);
	expect_content(artifact.install, NEW);
	expect_content(made.backup, OLD);
	cr_assert(swap_commit(&made, &err) == 0, "%s", err.text);
	expect_content(artifact.install, NEW);
	expect_content(made.backup, OLD);
	cr_assert(entries_in(bin) == 3, "more than .staging, bangerd and bangerd.previous");
	swap_plan_finish(&made);
}

Test(swap, going_back_leaves_what_was_there_inodes_and_times_included)
{
	install_old();
	install_earlier();
	char *before = listing();
	struct swap_plan made = plan();

	forward(&made);
	back(&made);
	char *after = listing();

	cr_assert_str_eq(before, after);
	swap_plan_finish(&made);
	free(before);
	free(after);
}

/* What was there before, with one bit each. */
enum {
	WITH_OLD = 1,
	WITH_EARLIER = 2,
	WITH_STALE = 4, /* names that a killed run left */
	SAME_CONTENT = 8,
	CASES = 16,
};

static void arrange(unsigned what)
{
	if ((what & WITH_OLD) != 0) {
		install_old();
	}
	if ((what & WITH_EARLIER) != 0) {
		install_earlier();
	}
	stage((what & SAME_CONTENT) != 0 ? OLD : NEW);
}

static void plant_stale(void)
{
	static const char *const suffixes[] = {".update-new", ".update-link", ".previous.earlier"};

	for (size_t i = 0; i < 3; i++) {
		char *path = beside(suffixes[i]);

		scratch_write(path, "left by a killed run");
		free(path);
	}
}

static void clear(void)
{
	static const char *const suffixes[] = {"", ".previous"};

	for (size_t i = 0; i < 2; i++) {
		char *path = beside(suffixes[i]);

		(void)unlink(path);
		free(path);
	}
}

static void interrupt_and_go_back(unsigned what, unsigned steps)
{
	arrange(what);
	char *before = listing();

	if ((what & WITH_STALE) != 0) {
		plant_stale();
	}
	struct swap_plan made = plan();

	cr_assert(swap_forward_steps(&made, steps, &err) == 0, "%s", err.text);
	if ((what & WITH_OLD) != 0) {
		cr_assert(scratch_exists(artifact.install), "there was no binary");
	}
	back(&made);
	char *after = listing();

	cr_assert_str_eq(before, after, "interrupted after %u steps, case %u", steps, what);
	back(&made);
	char *again = listing();

	cr_assert_str_eq(before, again, "back twice, after %u steps, case %u", steps, what);
	swap_plan_finish(&made);
	free(before);
	free(after);
	free(again);
	clear();
}

Test(swap, whatever_step_was_the_last_going_back_restores_everything)
{
	for (unsigned what = 0; what < CASES; what++) {
		for (unsigned steps = 0; steps <= SWAP_STEPS; steps++) {
			interrupt_and_go_back(what, steps);
		}
	}
}

Test(swap, a_way_back_that_was_interrupted_is_finished)
{
	install_old();
	install_earlier();
	char *before = listing();
	struct swap_plan made = plan();

	forward(&made);
	char *link_name = beside(".update-link");

	/* Killed between the two renames. */
	cr_assert(link(made.backup, link_name) == 0);
	cr_assert(rename(link_name, artifact.install) == 0);
	back(&made);
	char *after = listing();

	cr_assert_str_eq(before, after);
	swap_plan_finish(&made);
	free(before);
	free(after);
	free(link_name);
}

/* Where links are refused, a backup is a copy, and what is put back is one, too. */
static void put_back_as_a_copy(bool had_earlier)
{
	char *previous = beside(".previous");
	char *earlier = beside(".previous.earlier");

	cr_assert(unlink(artifact.install) == 0);
	install_old();
	cr_assert(had_earlier ? rename(earlier, previous) == 0 : unlink(previous) == 0);
	free(previous);
	free(earlier);
}

static void expect_repeatable(bool had_earlier)
{
	install_old();
	if (had_earlier) {
		install_earlier();
	}
	stage(OLD);
	struct swap_plan made = plan();

	forward(&made);
	put_back_as_a_copy(had_earlier);
	char *before = listing();

	back(&made);
	char *after = listing();

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
	swap_plan_finish(&made);
}

Test(swap, the_same_bytes_put_back_as_a_copy_are_recognised)
{
	expect_repeatable(false);
}

Test(swap, the_same_bytes_put_back_as_a_copy_are_recognised_beside_an_earlier_backup)
{
	expect_repeatable(true);
}

Test(swap, a_backup_that_is_the_same_file_as_the_old_one_survives)
{
	char *previous = beside(".previous");

	install_old();
	cr_assert(link(artifact.install, previous) == 0);
	char *before = listing();
	struct swap_plan made = plan();

	forward(&made);
	back(&made);
	char *after = listing();

	cr_assert_str_eq(before, after);
	swap_plan_finish(&made);
	free(before);
	free(after);
	free(previous);
}

Test(swap, after_the_commit_it_can_still_be_rolled_back)
{
	install_old();
	install_earlier();
	struct swap_plan made = plan();

	forward(&made);
	cr_assert(swap_commit(&made, &err) == 0);
	back(&made);
	expect_content(artifact.install, OLD);
	cr_assert(entries_in(bin) == 2, "more than .staging and bangerd");
	swap_plan_finish(&made);
}

Test(swap, a_file_that_did_not_exist_is_removed)
{
	struct stat st;
	struct swap_plan made = plan();

	cr_assert(!made.existed);
	forward(&made);
	expect_content(artifact.install, NEW);
	cr_assert(stat(artifact.install, &st) == 0 && (st.st_mode & 07777) == 0755);
	cr_assert(st.st_uid == geteuid());
	back(&made);
	cr_assert(!scratch_exists(artifact.install));
	swap_plan_finish(&made);
}

Test(swap, what_is_neither_old_nor_new_is_kept_aside_and_told)
{
	char *aside = NULL;

	install_old();
	struct swap_plan made = plan();

	forward(&made);
	scratch_write(artifact.install, "somebody's own build");
	cr_assert(swap_back(&made, &aside, &err) == 0, "%s", err.text);
	cr_assert_not_null(aside);
	cr_assert_not_null(strstr(aside, "bangerd.unexpected-20"), "%s", aside);
	expect_content(aside, "somebody's own build");
	expect_content(artifact.install, OLD);
	swap_plan_finish(&made);
	free(aside);
}

Test(swap, an_unexpected_directory_or_link_is_kept_aside_too)
{
	char *aside = NULL;

	install_old();
	struct swap_plan made = plan();

	forward(&made);
	cr_assert(unlink(artifact.install) == 0 && mkdir(artifact.install, 0755) == 0);
	cr_assert(swap_back(&made, &aside, &err) == 0, "%s", err.text);
	cr_assert_not_null(aside);
	expect_content(artifact.install, OLD);
	free(aside);
	aside = NULL;
	cr_assert(unlink(artifact.install) == 0 && symlink("/etc/passwd", artifact.install) == 0);
	cr_assert(swap_back(&made, &aside, &err) != 0, "there was no backup any more");
	cr_assert_null(aside);
	swap_plan_finish(&made);
}

Test(swap, without_a_good_backup_the_target_stays_as_it_is)
{
	char *aside = NULL;

	install_old();
	struct swap_plan made = plan();

	forward(&made);
	scratch_write(made.backup, "not the old release");
	cr_assert(swap_back(&made, &aside, &err) == -EBADMSG);
	cr_assert_not_null(strstr(err.text, made.backup), "%s", err.text);
	expect_content(artifact.install, NEW);
	cr_assert(unlink(made.backup) == 0);
	cr_assert(swap_back(&made, &aside, &err) == -ENOENT);
	expect_content(artifact.install, NEW);
	cr_assert_null(aside);
	swap_plan_finish(&made);
}

Test(swap, a_target_that_was_deleted_comes_back)
{
	install_old();
	struct swap_plan made = plan();

	forward(&made);
	cr_assert(unlink(artifact.install) == 0);
	back(&made);
	expect_content(artifact.install, OLD);
	swap_plan_finish(&made);
}

Test(swap, a_path_of_almost_four_thousand_characters_is_fine)
{
	char part[202];
	char *deep = strdup(bin);

	memset(part, 'd', sizeof(part));
	part[0] = '/';
	part[sizeof(part) - 1] = '\0';
	while (strlen(deep) < 3700) {
		char *deeper = NULL;

		cr_assert(asprintf(&deeper, "%s%s", deep, part) >= 0);
		free(deep);
		deep = deeper;
	}
	scratch_directory(deep);
	free(artifact.install);
	artifact.install = path_join(deep, "bangerd");
	install_old();
	struct swap_plan made = plan();

	forward(&made);
	expect_content(artifact.install, NEW);
	expect_beside(".previous", OLD);
	back(&made);
	expect_content(artifact.install, OLD);
	swap_plan_finish(&made);
	free(deep);
}

/* Looks at the target without a pause while it is replaced: -ENOENT once is a failure. */
Test(swap, there_is_never_a_moment_without_a_binary)
{
	int stop[2];

	install_old();
	cr_assert(pipe2(stop, O_CLOEXEC | O_NONBLOCK) == 0);
	pid_t watcher = fork();

	if (watcher == 0) {
		struct stat st;
		char byte;

		(void)close(stop[1]);
		while (read(stop[0], &byte, 1) < 0) {
			if (stat(artifact.install, &st) < 0 || st.st_size == 0) {
				_exit(1);
			}
		}
		_exit(0);
	}
	for (unsigned i = 0; i < 200; i++) {
		stage(NEW);
		struct swap_plan made = plan();

		forward(&made);
		back(&made);
		swap_plan_finish(&made);
	}
	int status = 0;

	(void)close(stop[0]);
	(void)close(stop[1]);
	cr_assert(waitpid(watcher, &status, 0) == watcher && status == 0, "it was away");
}
