/*
 * test_trust.c - trust.h: one untrusted hand anywhere on the way to a file is enough.
 */
#include "base/trust.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "support/scratch.h"

#define STRANGER 65533

static struct scratch scratch;

/* scratch/outer/inner/file, all of it ours. */
static const char *const chain[] = {"outer", "outer/inner", "outer/inner/file"};

#define CHAIN_LENGTH (sizeof(chain) / sizeof(chain[0]))

static char *ours(const char *name)
{
	return scratch_path(&scratch, "%s", name);
}

static void set_up(void)
{
	scratch = scratch_make();
	auto_free char *inner = ours("outer/inner");
	auto_free char *file = ours("outer/inner/file");

	scratch_directory(inner);
	scratch_write(file, "x");
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(trust, .init = set_up, .fini = tear_down);

static void need_root(void)
{
	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can give files away");
	}
}

static void assert_trusted(const char *name)
{
	auto_free char *path = ours(name);
	struct error err = {0};

	cr_assert_eq(trust_check_chain(path, geteuid(), &err), 0, "%s: %s", name, err.text);
}

/* name is refused, and the sentence names the culprit and what is wrong with it. */
static void assert_refused(const char *name, const char *culprit, const char *what)
{
	auto_free char *path = ours(name);
	auto_free char *blamed = ours(culprit);
	auto_free char *start = NULL;
	struct error err = {0};

	cr_assert(asprintf(&start, "%s ", blamed) > 0);
	cr_assert_eq(trust_check_chain(path, geteuid(), &err), -EPERM, "%s", name);
	cr_assert_eq(strncmp(err.text, start, strlen(start)), 0, "'%s' should blame %s", err.text,
		     blamed);
	cr_assert_not_null(strstr(err.text, what), "'%s' should say %s", err.text, what);
}

Test(trust, a_chain_of_our_own_below_tmp_is_trusted)
{
	for (size_t i = 0; i < CHAIN_LENGTH; i++) {
		assert_trusted(chain[i]);
	}
}

Test(trust, what_belongs_to_root_is_trusted_by_everybody)
{
	struct error err;

	cr_assert_eq(trust_check_chain("/", geteuid(), &err), 0, "%s", err.text);
	cr_assert_eq(trust_check_chain("/etc", STRANGER, &err), 0, "%s", err.text);
	cr_assert_eq(trust_check_chain("/etc/passwd", STRANGER, &err), 0, "%s", err.text);
}

Test(trust, one_writable_component_anywhere_is_refused)
{
	static const struct {
		mode_t bits;
		const char *what;
	} cases[] = {{S_IWGRP, "g+w"}, {S_IWOTH, "o+w"}, {S_IWGRP | S_IWOTH, "o+w"}};

	for (size_t i = 0; i < CHAIN_LENGTH; i++) {
		auto_free char *path = ours(chain[i]);

		for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
			cr_assert_eq(chmod(path, 0755 | cases[j].bits), 0);
			assert_refused("outer/inner/file", chain[i], cases[j].what);
		}
		cr_assert_eq(chmod(path, 0755), 0);
		assert_trusted("outer/inner/file");
	}
}

Test(trust, one_component_of_a_stranger_anywhere_is_refused)
{
	need_root();
	for (size_t i = 0; i < CHAIN_LENGTH; i++) {
		auto_free char *path = ours(chain[i]);

		cr_assert_eq(chown(path, STRANGER, 0), 0);
		assert_refused("outer/inner/file", chain[i], "belongs to user 65533");
		cr_assert_eq(chown(path, 0, 0), 0);
		assert_trusted("outer/inner/file");
	}
}

Test(trust, the_running_user_is_trusted_where_he_is_named)
{
	auto_free char *file = ours("outer/inner/file");
	struct error err;

	need_root();
	cr_assert_eq(chown(file, STRANGER, 0), 0);
	cr_assert_eq(trust_check_chain(file, STRANGER, &err), 0, "%s", err.text);
	cr_assert_eq(trust_check_chain(file, STRANGER - 1, &err), -EPERM);
	cr_assert_eq(chown(file, 0, STRANGER), 0);
	assert_trusted("outer/inner/file");
}

Test(trust, a_sticky_directory_of_root_is_fine_only_as_an_ancestor)
{
	auto_free char *outer = ours("outer");

	need_root();
	cr_assert_eq(chmod(outer, 01777), 0);
	assert_trusted("outer/inner/file");
	assert_refused("outer", "outer", "o+w");
	cr_assert_eq(chmod(outer, 0777), 0);
	assert_refused("outer/inner/file", "outer", "o+w");
}

static int check_place(const char *name, struct error *err)
{
	auto_free char *path = ours(name);

	return trust_check_place(path, geteuid(), err);
}

Test(trust, a_place_may_be_a_sticky_directory_of_root_and_a_link)
{
	auto_free char *outer = ours("outer");
	auto_free char *link = ours("link");
	struct error err = {0};

	need_root();
	cr_assert_eq(symlink("outer/inner", link), 0);
	cr_assert_eq(check_place("link", &err), 0, "%s", err.text);
	cr_assert_eq(chmod(outer, 01777), 0);
	cr_assert_eq(check_place("outer", &err), 0, "%s", err.text);
	cr_assert_eq(check_place("link", &err), 0, "%s", err.text);
	cr_assert_eq(check_place("missing", &err), -ENOENT);
}

Test(trust, a_place_is_refused_for_the_same_hands_as_a_file)
{
	auto_free char *inner = ours("outer/inner");
	auto_free char *link = ours("link");
	struct error err = {0};

	need_root();
	cr_assert_eq(symlink("outer/inner", link), 0);
	cr_assert_eq(chmod(inner, 0775), 0);
	cr_assert_eq(check_place("outer/inner", &err), -EPERM);
	cr_assert_eq(check_place("link", &err), -EPERM);
	cr_assert(chmod(inner, 0755) == 0 && chown(inner, STRANGER, 0) == 0);
	cr_assert_eq(check_place("outer/inner", &err), -EPERM);
	cr_assert_eq(check_place("link", &err), -EPERM);
	cr_assert(chown(inner, 0, 0) == 0 && lchown(link, STRANGER, 0) == 0);
	cr_assert_eq(check_place("link", &err), -EPERM);
	cr_assert_not_null(strstr(err.text, link), "%s", err.text);
}

Test(trust, a_sticky_directory_of_anybody_else_is_not)
{
	auto_free char *outer = ours("outer");
	auto_free char *file = ours("outer/inner/file");
	uid_t owner = geteuid() != 0 ? geteuid() : STRANGER;
	struct error err;

	cr_assert_eq(chown(outer, owner, (gid_t)-1), 0);
	cr_assert_eq(chmod(outer, 01777), 0);
	cr_assert_eq(chown(scratch.path, owner, (gid_t)-1), 0);
	cr_assert_eq(trust_check_chain(file, owner, &err), -EPERM);
	cr_assert_not_null(strstr(err.text, outer));
}

Test(trust, a_link_at_the_end_is_refused)
{
	auto_free char *link = ours("outer/link");
	auto_free char *dangling = ours("outer/dangling");

	cr_assert_eq(symlink("inner", link), 0);
	cr_assert_eq(symlink("nowhere", dangling), 0);
	assert_refused("outer/link", "outer/link", "symbolic link");
	assert_refused("outer/link/", "outer/link", "symbolic link");
	assert_refused("outer/link/.", "outer/link", "symbolic link");
	assert_refused("outer/dangling", "outer/dangling", "symbolic link");
}

Test(trust, a_link_on_the_way_is_followed_and_what_it_leads_to_is_checked)
{
	auto_free char *absolute = ours("absolute");
	auto_free char *relative = ours("outer/relative");
	auto_free char *inner = ours("outer/inner");

	cr_assert_eq(symlink(inner, absolute), 0);
	cr_assert_eq(symlink("../outer/./inner", relative), 0);
	assert_trusted("absolute/file");
	assert_trusted("outer/relative/file");
	cr_assert_eq(chmod(inner, 0775), 0);
	assert_refused("absolute/file", "outer/inner", "g+w");
	assert_refused("outer/relative/file", "outer/inner", "g+w");
}

Test(trust, where_a_link_lies_counts_as_much_as_where_it_leads)
{
	auto_free char *loose = ours("loose");
	auto_free char *link = ours("loose/link");
	auto_free char *first = ours("first");
	auto_free char *inner = ours("outer/inner");

	scratch_directory(loose);
	cr_assert_eq(symlink(inner, link), 0);
	cr_assert_eq(symlink("loose/link", first), 0);
	assert_trusted("loose/link/file");
	assert_trusted("first/file");
	cr_assert_eq(chmod(loose, 0777), 0);
	assert_refused("loose/link/file", "loose", "o+w");
	assert_refused("first/file", "loose", "o+w");
}

Test(trust, a_stranger_s_link_in_a_sticky_directory_is_refused)
{
	auto_free char *outer = ours("outer");
	auto_free char *link = ours("outer/link");

	need_root();
	cr_assert_eq(symlink("inner", link), 0);
	cr_assert_eq(chmod(outer, 01777), 0);
	assert_trusted("outer/link/file");
	cr_assert_eq(lchown(link, STRANGER, STRANGER), 0);
	assert_refused("outer/link/file", "outer/link", "belongs to user 65533");
}

Test(trust, dots_do_not_hide_a_directory_that_is_passed)
{
	auto_free char *loose = ours("outer/loose");

	scratch_directory(loose);
	assert_trusted("outer/loose/../inner/./file");
	assert_trusted("outer//inner///file");
	cr_assert_eq(chmod(loose, 0777), 0);
	assert_refused("outer/loose/../inner/file", "outer/loose", "o+w");
}

Test(trust, what_is_not_there_is_reported_as_such)
{
	auto_free char *missing = ours("outer/missing");
	auto_free char *below = ours("outer/missing/file");
	auto_free char *through = ours("outer/inner/file/below");
	auto_free char *loop = ours("loop");
	auto_free char *in_loop = ours("loop/file");
	auto_free char *name = scratch_path(&scratch, "%04000d", 0);
	struct error err;

	cr_assert_eq(symlink("loop", loop), 0);
	cr_assert_eq(trust_check_chain(missing, geteuid(), &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, missing));
	cr_assert_eq(trust_check_chain(below, geteuid(), &err), -ENOENT);
	cr_assert_eq(trust_check_chain(through, geteuid(), &err), -ENOTDIR);
	cr_assert_eq(trust_check_chain(in_loop, geteuid(), &err), -ELOOP);
	cr_assert_eq(trust_check_chain(name, geteuid(), &err), -ENAMETOOLONG);
	cr_assert_eq(trust_check_chain("", geteuid(), &err), -EINVAL);
	cr_assert_eq(trust_check_chain("relative/path", geteuid(), &err), -EINVAL);
}
