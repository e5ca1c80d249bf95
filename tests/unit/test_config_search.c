/*
 * test_config_search.c - which files are read, and in which order: rule by rule, and on random
 * trees against `systemd-analyze cat-config`, whose rules these are.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/process.h"
#include "config/search.h"
#include "support/scratch.h"

static const char *const places[] = {"/etc/banger", "/run/banger", "/usr/local/lib/banger",
				     "/usr/lib/banger", NULL};
#define PLACE_COUNT (sizeof(places) / sizeof(places[0]) - 1)

/* systemd knows no other suffix. */
static const struct search search = {places, "main.conf", ".conf"};

static struct scratch scratch;
static struct sources sources;
static struct error err;

static void begin(void)
{
	scratch = scratch_make();
}

static void end(void)
{
	sources_finish(&sources);
	scratch_remove(&scratch);
}

TestSuite(config_search, .init = begin, .fini = end);

static char *directory_of(const char *path)
{
	char *directory = path_directory(path);

	cr_assert(directory != NULL);
	scratch_directory(directory);
	return directory;
}

/* A file below the scratch directory, in directories made for it. */
static void write_file(const char *name, const char *text)
{
	char *path = scratch_path(&scratch, "%s", name);

	free(directory_of(path));
	scratch_write(path, text);
	free(path);
}

static void make_link(const char *name, const char *target)
{
	char *path = scratch_path(&scratch, "%s", name);

	free(directory_of(path));
	cr_assert(symlink(target, path) == 0);
	free(path);
}

static const char state_letters[] = {
	[SOURCE_READ] = '+', [SOURCE_MASK] = '0', [SOURCE_HIDDEN] = '-'};

/* What was found as "+etc/banger/main.conf", a line each. */
static char *found(void)
{
	struct buffer text = BUFFER_INIT(LIMIT_CONFIG);

	for (size_t i = 0; i < sources.count; i++) {
		cr_assert(buffer_add_format(&text, "%c%s\n", state_letters[sources.items[i].state],
					    sources.items[i].path + strlen(scratch.path) + 1) == 0);
	}
	return text.data != NULL ? buffer_detach(&text) : strdup("");
}

static void expect(const char *expected)
{
	sources_finish(&sources);
	cr_assert(search_run(&search, scratch.path, &sources, &err) == 0, "%s", err.text);
	char *text = found();

	cr_assert_str_eq(text, expected);
	free(text);
}

Test(config_search, nothing_is_no_error)
{
	expect("");
	cr_assert(sources.directories.count == 0);
}

Test(config_search, the_first_main_file_hides_the_others)
{
	write_file("usr/lib/banger/main.conf", "x");
	write_file("run/banger/main.conf", "x");
	expect("+run/banger/main.conf\n-usr/lib/banger/main.conf\n");
	write_file("etc/banger/main.conf", "x");
	expect("+etc/banger/main.conf\n-run/banger/main.conf\n-usr/lib/banger/main.conf\n");
	cr_assert_not(sources.items[0].is_drop_in);
}

Test(config_search, drop_ins_are_in_the_order_of_their_names_whatever_their_directory)
{
	write_file("etc/banger/main.conf", "x");
	write_file("etc/banger/main.conf.d/50-b.conf", "x");
	write_file("usr/lib/banger/main.conf.d/10-a.conf", "x");
	write_file("usr/lib/banger/main.conf.d/90-d.conf", "x");
	write_file("run/banger/main.conf.d/70-c.conf", "x");
	expect("+etc/banger/main.conf\n"
	       "+usr/lib/banger/main.conf.d/10-a.conf\n"
	       "+etc/banger/main.conf.d/50-b.conf\n"
	       "+run/banger/main.conf.d/70-c.conf\n"
	       "+usr/lib/banger/main.conf.d/90-d.conf\n");
	cr_assert(sources.items[1].is_drop_in);
}

Test(config_search, of_two_drop_ins_with_one_name_the_directory_decides)
{
	write_file("usr/lib/banger/main.conf.d/a.conf", "x");
	write_file("usr/local/lib/banger/main.conf.d/a.conf", "x");
	write_file("run/banger/main.conf.d/a.conf", "x");
	write_file("etc/banger/main.conf.d/a.conf", "x");
	expect("+etc/banger/main.conf.d/a.conf\n-run/banger/main.conf.d/a.conf\n"
	       "-usr/local/lib/banger/main.conf.d/a.conf\n-usr/lib/banger/main.conf.d/a.conf\n");
}

Test(config_search, an_empty_file_and_a_link_to_dev_null_mask_their_name)
{
	write_file("usr/lib/banger/main.conf.d/a.conf", "x");
	write_file("usr/lib/banger/main.conf.d/b.conf", "x");
	write_file("etc/banger/main.conf.d/a.conf", "");
	make_link("run/banger/main.conf.d/b.conf", "/dev/null");
	expect("0etc/banger/main.conf.d/a.conf\n-usr/lib/banger/main.conf.d/a.conf\n"
	       "0run/banger/main.conf.d/b.conf\n-usr/lib/banger/main.conf.d/b.conf\n");
}

Test(config_search, a_mask_does_not_reach_up)
{
	write_file("etc/banger/main.conf.d/a.conf", "x");
	write_file("usr/lib/banger/main.conf.d/a.conf", "");
	expect("+etc/banger/main.conf.d/a.conf\n-usr/lib/banger/main.conf.d/a.conf\n");
}

Test(config_search, the_main_file_can_be_masked)
{
	write_file("usr/lib/banger/main.conf", "x");
	make_link("etc/banger/main.conf", "/dev/null");
	expect("0etc/banger/main.conf\n-usr/lib/banger/main.conf\n");
}

Test(config_search, what_editors_and_package_managers_leave_is_ignored)
{
	static const char *const others[] = {
		"a.conf~",         ".a.conf",       ".conf",         "a.conf.dpkg-old",
		"a.conf.dpkg-new", "a.conf.rpmnew", "a.conf.pacnew", "a.conf.rpmsave",
		"a.conf.bak",      "a.conf.swp",    "a.ini",         "conf",
		"a.CONF",          "aconf",         ".a.conf.swp",   "a.conf.d",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char *name = NULL;

		cr_assert(asprintf(&name, "etc/banger/main.conf.d/%s", others[i]) > 0);
		write_file(name, "x");
		free(name);
	}
	write_file("etc/banger/main.conf.d/b.conf", "x");
	expect("+etc/banger/main.conf.d/b.conf\n");
}

Test(config_search, a_link_that_leads_nowhere_is_not_passed_over)
{
	make_link("etc/banger/main.conf", "/nonexistent");
	write_file("usr/lib/banger/main.conf", "x");
	make_link("etc/banger/main.conf.d/a.conf", "nothing.conf");
	expect("+etc/banger/main.conf\n-usr/lib/banger/main.conf\n"
	       "+etc/banger/main.conf.d/a.conf\n");
}

Test(config_search, every_directory_that_was_looked_into_is_named)
{
	char *directory = scratch_path(&scratch, "usr/lib/banger");
	char *drop_ins = scratch_path(&scratch, "usr/lib/banger/main.conf.d");

	scratch_directory(drop_ins);
	expect("");
	cr_assert(sources.directories.count == 2);
	cr_assert(strings_contain(&sources.directories, directory));
	cr_assert(strings_contain(&sources.directories, drop_ins));
	free(directory);
	free(drop_ins);
}

Test(config_search, a_file_in_the_place_of_a_directory_is_an_error)
{
	write_file("etc/banger/main.conf.d", "x");
	cr_assert(search_run(&search, scratch.path, &sources, &err) == -ENOTDIR);
	cr_assert_not_null(strstr(err.text, "etc/banger/main.conf.d"), "%s", err.text);
	cr_assert(sources.count == 0);
}

Test(config_search, a_directory_that_cannot_be_read_is_an_error)
{
	char *drop_ins = scratch_path(&scratch, "etc/banger/main.conf.d");

	if (geteuid() == 0) {
		free(drop_ins);
		cr_skip_test("root can read everything");
	}
	scratch_directory(drop_ins);
	cr_assert(chmod(drop_ins, 0) == 0);
	cr_assert(search_run(&search, scratch.path, &sources, &err) == -EACCES);
	cr_assert(chmod(drop_ins, 0700) == 0);
	free(drop_ins);
}

Test(config_search, there_may_be_so_many_files_and_no_more)
{
	char name[64];

	for (unsigned i = 0; i < LIMIT_CONFIG_FILES; i++) {
		(void)snprintf(name, sizeof(name), "run/banger/main.conf.d/%03u.conf", i);
		write_file(name, "x");
	}
	cr_assert(search_run(&search, scratch.path, &sources, &err) == 0, "%s", err.text);
	cr_assert(sources.count == LIMIT_CONFIG_FILES);
	sources_finish(&sources);
	write_file("etc/banger/main.conf", "x");
	cr_assert(search_run(&search, scratch.path, &sources, &err) == -E2BIG);
	cr_assert_not_null(strstr(err.text, "256 allowed"), "%s", err.text);
}

Test(config_search, a_file_that_was_named_has_only_what_lies_beside_it)
{
	char *path = scratch_path(&scratch, "etc/banger/main.conf");

	write_file("etc/banger/main.conf", "x");
	write_file("etc/banger/main.conf.d/b.conf", "x");
	write_file("etc/banger/main.conf.d/a.conf", "x");
	write_file("etc/banger/other.conf.d/a.conf", "x");
	write_file("run/banger/main.conf.d/c.conf", "x");
	cr_assert(search_beside(path, ".conf", &sources, &err) == 0, "%s", err.text);
	char *text = found();

	cr_assert_str_eq(text, "+etc/banger/main.conf\n+etc/banger/main.conf.d/a.conf\n"
			       "+etc/banger/main.conf.d/b.conf\n");
	free(text);
	free(path);
}

Test(config_search, a_named_file_that_is_missing_is_still_the_one_to_open)
{
	char *path = scratch_path(&scratch, "none.conf");

	cr_assert(search_beside(path, ".conf", &sources, &err) == 0, "%s", err.text);
	cr_assert(sources.count == 1 && sources.items[0].state == SOURCE_READ);
	cr_assert_str_eq(sources.items[0].path, path);
	free(path);
}

Test(config_search, the_standard_places_are_systemds)
{
	static const char *const below[] = {NULL, "/run/banger-update",
					    "/usr/local/lib/banger-update",
					    "/usr/lib/banger-update"};

	cr_assert_str_eq(search_standard.name, "banger.ini");
	cr_assert_str_eq(search_standard.suffix, ".ini");
	cr_assert_not_null(strstr(search_standard.directories[0], "/etc/banger-update"));
	for (size_t i = 1; i < sizeof(below) / sizeof(below[0]); i++) {
		cr_assert_str_eq(search_standard.directories[i], below[i]);
	}
	cr_assert_null(search_standard.directories[4]);
}

/* ---- the oracle ------------------------------------------------------------------------------ */

#define SYSTEMD_ANALYZE "/usr/bin/systemd-analyze"
#define TREES           40

/* xorshift64: trees are the same in every run. */
static uint64_t dice;

static unsigned roll(unsigned sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (unsigned)(dice % sides);
}

static const char *const names[] = {
	"10-a.conf", "9-b.conf",      "a.conf",          "B.conf",        "_.conf",
	"a b.conf",  "\xc3\xa4.conf", "a.conf.conf",     "~a.conf",       "-.conf",
	".a.conf",   "a.conf~",       "a.conf.dpkg-new", "a.conf.rpmnew", "a.ini",
	".conf",     "a.CONF",        "50-a.conf.bak",   "a.conf.pacnew", "Z",
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

/* A file with a line, an empty one, a link to /dev/null, or one to a file with a line. */
static void grow_file(const char *directory, const char *name)
{
	char *path = scratch_path(&scratch, "%s/%s", directory, name);
	char *other = scratch_path(&scratch, "target");
	int rc = 0;

	switch (roll(8)) {
	case 0:
		scratch_write(path, "");
		break;
	case 1:
		rc = symlink("/dev/null", path);
		break;
	case 2:
		rc = symlink(other, path);
		break;
	default:
		scratch_write(path, "line\n");
	}
	cr_assert(rc == 0);
	free(other);
	free(path);
}

/* The drop-ins of a place: often none, sometimes a link to the directory of another place. */
static void grow_drop_ins(const char *place)
{
	char *directory = scratch_path(&scratch, "%s/main.conf.d", place + 1);
	unsigned kind = roll(8);

	if (kind == 0) {
		char *other = scratch_path(&scratch, "%s/main.conf.d", places[0] + 1);

		cr_assert(strcmp(place, places[0]) == 0 || symlink(other, directory) == 0);
		free(other);
	} else if (kind > 2) {
		scratch_directory(directory);
		for (size_t i = 0; i < NAME_COUNT; i++) {
			if (roll(3) == 0) {
				grow_file(directory + strlen(scratch.path) + 1, names[i]);
			}
		}
	}
	free(directory);
}

static void grow_tree(uint64_t seed)
{
	char *first = scratch_path(&scratch, "%s/main.conf.d", places[0] + 1);

	dice = seed * 0x9e3779b97f4a7c15u + 1;
	write_file("target", "line\n");
	for (size_t i = 0; i < PLACE_COUNT; i++) {
		char *path = scratch_path(&scratch, "%s", places[i] + 1);

		scratch_directory(path);
		if (roll(3) == 0) {
			grow_file(places[i] + 1, "main.conf");
		}
		grow_drop_ins(places[i]);
		free(path);
	}
	scratch_directory(first); /* what links lead to */
	free(first);
}

/* The file without links in its directories: systemd prints where it was in the end. */
static char *real_place(const char *path)
{
	char *directory = path_directory(path);
	char *real = realpath(directory, NULL);
	char *joined;

	cr_assert(real != NULL, "%s: %s", directory, strerror(errno));
	joined = path_join(real, path_name(path));
	free(real);
	free(directory);
	return joined;
}

/* What systemd would read: "# /path" in front of each file's lines. */
static char *ask_systemd(void)
{
	const char *argv[] = {SYSTEMD_ANALYZE, "--no-pager",       NULL,
			      "cat-config",    "banger/main.conf", NULL};
	struct process_options options = {.argv = argv};
	struct process_result result = {0};
	struct buffer listed = BUFFER_INIT(LIMIT_CONFIG);
	char *root = NULL, *mark = NULL;

	cr_assert(asprintf(&root, "--root=%s", scratch.path) > 0);
	cr_assert(asprintf(&mark, "# %s/", scratch.path) > 0);
	argv[2] = root;
	cr_assert(process_run_options(&options, 20000, &result, &err) == 0, "%s", err.text);
	cr_assert(process_succeeded(&result.status), "%s", buffer_text(&result.errors));
	for (char *line = strtok(result.output.data, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		if (strncmp(line, mark, strlen(mark)) == 0) {
			char *real = real_place(line + strlen("# "));

			cr_assert(buffer_add_format(&listed, "%s\n", real) == 0);
			free(real);
		}
	}
	process_result_finish(&result);
	free(root);
	free(mark);
	return listed.data != NULL ? buffer_detach(&listed) : strdup("");
}

/* The same list from the search. systemd lists masks too: there is just nothing in them. */
static char *ask_search(void)
{
	struct buffer listed = BUFFER_INIT(LIMIT_CONFIG);

	sources_finish(&sources);
	cr_assert(search_run(&search, scratch.path, &sources, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < sources.count; i++) {
		if (sources.items[i].state != SOURCE_HIDDEN) {
			char *real = real_place(sources.items[i].path);

			cr_assert(buffer_add_format(&listed, "%s\n", real) == 0);
			free(real);
		}
	}
	return listed.data != NULL ? buffer_detach(&listed) : strdup("");
}

Test(config_search, random_trees_are_read_as_systemd_reads_them, .timeout = 120)
{
	size_t lines = 0;

	if (access(SYSTEMD_ANALYZE, X_OK) != 0) {
		cr_skip_test("there is no " SYSTEMD_ANALYZE);
	}
	for (uint64_t seed = 0; seed < TREES; seed++) {
		grow_tree(seed);
		char *expected = ask_systemd(), *got = ask_search();

		cr_assert_str_eq(got, expected, "tree %lu:\n%s-- systemd:\n%s", (unsigned long)seed,
				 got, expected);
		lines += strlen(expected) > 0;
		free(expected);
		free(got);
		scratch_remove(&scratch);
		scratch = scratch_make();
	}
	cr_assert(lines > TREES / 2, "systemd found next to nothing: the question is wrong");
}
