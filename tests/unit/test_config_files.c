/*
 * test_config_files.c - a main file and its drop-ins: what overrides, resets, is added, refused
 * and trusted, and that each error names the file it is in.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "config/document.h"
#include "config/files.h"
#include "config_case.h"

#define BY_COMMAND                                                                                 \
	UPDATE_LINES                                                                               \
	"manager = command\n" ARTIFACT_LINES                                                       \
	"[service notesd]\nstart = /b start\nstop = /b stop\npid_file = /run/notesd.pid\n"

static struct config_case base;

static void end(void)
{
	case_finish(&base);
}

TestSuite(config_files, .fini = end);

/* The main file; drop-ins are added one by one. */
static void begin(const char *text)
{
	base = case_load(text);
}

static char *drop_in_path(const char *name)
{
	return scratch_path(&base.scratch, "banger.ini.d/%s", name);
}

static void drop_in(const char *name, const char *text)
{
	char *directory = scratch_path(&base.scratch, "banger.ini.d");
	char *path = drop_in_path(name);

	scratch_directory(directory);
	scratch_write(path, text);
	free(path);
	free(directory);
}

static int load(void)
{
	config_free(base.config);
	base.config = NULL;
	return config_load(base.path, base.scratch.path, &base.config, &base.err);
}

static const struct config *good(void)
{
	cr_assert(load() == 0, "%s", base.err.text);
	return base.config;
}

/* That loading fails in this drop-in. */
static void refused(const char *name, unsigned line, const char *part)
{
	char *path = drop_in_path(name);
	char *position = NULL;

	cr_assert(asprintf(&position, "%s:%u: ", path, line) > 0);
	cr_assert(load() == -EINVAL, "%d", base.err.code);
	cr_assert(base.config == NULL);
	cr_assert(strncmp(base.err.text, position, strlen(position)) == 0,
		  "'%s' does not begin with '%s'", base.err.text, position);
	cr_assert(strstr(base.err.text, part) != NULL, "'%s' does not say '%s'", base.err.text,
		  part);
	free(position);
	free(path);
}

Test(config_files, a_drop_in_overrides_a_key_and_leaves_the_others)
{
	begin(LEAST_LINES "mode = 0755\n[health]\ntimeout = 7s\nsettle = 3s\n");
	drop_in("10-a.ini", "[health]\ntimeout = 8s\n");
	cr_assert(good()->host.health.timeout_ms == 8000);
	cr_assert(base.config->host.health.settle_ms == 3000);
	cr_assert(base.config->host.artifacts[0].mode == 0755);
	cr_assert_str_eq(base.config->path, base.path);
}

Test(config_files, the_last_drop_in_wins)
{
	begin(LEAST_LINES "[health]\ntimeout = 7s\n");
	drop_in("9.ini", "[health]\ntimeout = 9s\n");
	drop_in("10.ini", "[health]\ntimeout = 10s\n");
	cr_assert(good()->host.health.timeout_ms == 9000, "names are compared as text");
}

Test(config_files, sections_are_added_behind_the_others_in_the_order_of_the_files)
{
	begin(LEAST_LINES "[artifact b]\ninstall = /usr/bin/b\n");
	drop_in("20.ini", "[artifact a]\ninstall = /usr/bin/a\n[artifact d]\ninstall = /d\n");
	drop_in("10.ini", "[artifact c]\ninstall = /c\n[artifact b]\nmode = 0700\n");

	static const char *const expected[] = {"notesd", "b", "c", "a", "d"};
	const struct config *config = good();

	cr_assert(config->host.artifact_count == 5);
	for (size_t i = 0; i < 5; i++) {
		cr_assert_str_eq(config->host.artifacts[i].name, expected[i]);
	}
	cr_assert(config->host.artifacts[1].mode == 0700);
}

Test(config_files, a_section_of_a_kind_that_is_there_once_is_not_added_twice)
{
	begin(LEAST_LINES);
	drop_in("a.ini", "[health]\ntimeout = 8s\n");
	drop_in("b.ini", "[health]\nsettle = 2s\n");
	cr_assert(good()->host.health.timeout_ms == 8000);
	cr_assert(base.config->host.health.settle_ms == 2000);
}

Test(config_files, an_empty_value_puts_the_default_back)
{
	begin(LEAST_LINES "[health]\ntimeout = 7s\ncommand = /bin/check\nsettle = 3s\n");
	drop_in("a.ini", "[health]\ntimeout =\ncommand =\ninterval =\n");
	cr_assert(good()->host.health.timeout_ms == 60000);
	cr_assert_not(command_is_set(&base.config->host.health.command));
	cr_assert(base.config->host.health.settle_ms == 3000);
	cr_assert(base.config->host.health.interval_ms == 1000);
}

Test(config_files, what_was_reset_can_be_set_again)
{
	begin(LEAST_LINES "[health]\ntimeout = 7s\n");
	drop_in("a.ini", "[health]\ntimeout =\n");
	drop_in("b.ini", "[health]\ntimeout = 5s\n");
	cr_assert(good()->host.health.timeout_ms == 5000);
	drop_in("c.ini", "[health]\ntimeout =\n");
	cr_assert(good()->host.health.timeout_ms == 60000);
}

Test(config_files, an_option_of_a_plugin_can_be_overridden_and_taken_out)
{
	begin(LEAST_LINES "[plugin p]\none = 1\ntwo = 2\nthree = 3\n");
	drop_in("a.ini", "[plugin p]\ntwo =\nthree = 4\nfive = 5\n");

	const struct pairs *options = &good()->plugins[0].options;

	cr_assert(options->count == 3);
	cr_assert_str_eq(pairs_get(options, "one"), "1");
	cr_assert_str_eq(pairs_get(options, "three"), "4");
	cr_assert_str_eq(pairs_get(options, "five"), "5");
}

Test(config_files, a_plugin_knows_the_file_its_section_is_in)
{
	begin(LEAST_LINES "[plugin one]\n");
	drop_in("a.ini", "[plugin one]\nk = 1\n[plugin two]\n");

	const struct plugin_config *plugins = good()->plugins;
	char *path = drop_in_path("a.ini");

	cr_assert_str_eq(plugins[0].file, base.path);
	cr_assert(plugins[0].line == 7);
	cr_assert_str_eq(plugins[1].file, path);
	cr_assert(plugins[1].line == 3);
	free(path);
}

Test(config_files, a_drop_in_can_change_the_manager)
{
	begin(BY_COMMAND);
	drop_in("a.ini", "[update]\nmanager = systemd\n");
	cr_assert(load() == -EINVAL);
	cr_assert(strstr(base.err.text, "'start' belongs to manager = command") != NULL, "%s",
		  base.err.text);
	drop_in("a.ini", "[update]\nmanager = systemd\n[service notesd]\nstart =\nstop =\n"
			 "pid_file =\n");
	cr_assert(good()->host.manager == MANAGER_SYSTEMD);
}

Test(config_files, a_required_key_that_is_taken_out_is_missed_where_that_happened)
{
	begin(BY_COMMAND);
	drop_in("a.ini", "[service notesd]\nstart = /b run\nstop =\n");
	refused("a.ini", 3, "[service notesd] needs the key 'stop'");
	drop_in("a.ini", "; nothing\n");
	drop_in("b.ini", "[update]\n\nkeys =\n");
	refused("b.ini", 3, "[update] needs the key 'keys'");
}

Test(config_files, an_error_names_the_drop_in_and_its_line)
{
	begin(LEAST_LINES);
	drop_in("50-x.ini", "; a comment\n[health]\ntimeout = soon\n");
	refused("50-x.ini", 3, "timeout = soon: write a number");
	drop_in("50-x.ini", "[health]\ntimeot = 1s\n");
	refused("50-x.ini", 2, "did you mean 'timeout'?");
	drop_in("50-x.ini", "[health]\n\ntimeot =\n");
	refused("50-x.ini", 3, "did you mean 'timeout'?");
	drop_in("50-x.ini", "[helth]\n");
	refused("50-x.ini", 1, "did you mean [health]?");
	drop_in("50-x.ini", "timeout = 1s\n");
	refused("50-x.ini", 1, "in front of the first [section]");
	drop_in("50-x.ini", "[artifact x]\nmode = 0700\n");
	refused("50-x.ini", 1, "[artifact x] needs the key 'install'");
	drop_in("50-x.ini", "[artifact x]\ninstall = /usr/bin/notesd\n");
	refused("50-x.ini", 2, "would write the same file");
}

Test(config_files, a_key_is_there_once_in_each_file)
{
	begin(LEAST_LINES);
	drop_in("a.ini", "[health]\ntimeout = 1s\n");
	drop_in("b.ini", "[health]\ntimeout = 2s\ntimeout = 3s\n");
	refused("b.ini", 3, "[health] has 'timeout' already, in line 2");
	drop_in("b.ini", "[health]\n[update]\n[health]\n");
	refused("b.ini", 3, "[health] is there already, in line 1");
}

Test(config_files, what_is_missing_is_missing_in_the_main_file)
{
	char *position = NULL;

	begin(UPDATE_LINES);
	drop_in("a.ini", "[health]\n\n\n\n\n\n\n");
	cr_assert(load() == -EINVAL);
	cr_assert(asprintf(&position, "%s:4: there is no [artifact NAME]", base.path) > 0);
	cr_assert(strncmp(base.err.text, position, strlen(position)) == 0, "%s", base.err.text);
	free(position);
}

Test(config_files, an_empty_main_file_can_be_filled_by_drop_ins)
{
	begin("");
	drop_in("a.ini", LEAST_LINES);
	cr_assert_str_eq(good()->product, "notesd");
	cr_assert(base.config->sources.items[0].state == SOURCE_MASK);
}

Test(config_files, masked_and_alien_files_are_not_read)
{
	begin(LEAST_LINES);

	char *mask = drop_in_path("30.ini");

	drop_in("10.ini~", "nonsense\n");
	drop_in("20.conf", "nonsense\n");
	drop_in(".30.ini", "nonsense\n");
	drop_in("40.ini", "");
	cr_assert(symlink("/dev/null", mask) == 0);
	cr_assert(good()->sources.count == 3);
	cr_assert(base.config->sources.items[1].state == SOURCE_MASK);
	cr_assert(base.config->sources.items[2].state == SOURCE_MASK);
	free(mask);
}

static void expect_unusable(int rc, const char *name, const char *part)
{
	char *path = drop_in_path(name);

	cr_assert(load() == rc, "%d: %s", base.err.code, base.err.text);
	cr_assert(strstr(base.err.text, path) != NULL, "'%s' does not name %s", base.err.text,
		  path);
	cr_assert(strstr(base.err.text, part) != NULL, "'%s' does not say '%s'", base.err.text,
		  part);
	free(path);
}

Test(config_files, what_is_no_file_is_not_passed_over)
{
	begin(LEAST_LINES);
	drop_in("10.ini", "[health]\n");

	char *directory = drop_in_path("a.ini"), *link = drop_in_path("b.ini");
	char *fifo = drop_in_path("c.ini");

	scratch_directory(directory);
	expect_unusable(-EISDIR, "a.ini", "not a regular file");
	cr_assert(rmdir(directory) == 0 && mkfifo(fifo, 0600) == 0);
	expect_unusable(-EINVAL, "c.ini", "not a regular file");
	cr_assert(unlink(fifo) == 0 && symlink("10.ini", link) == 0);
	cr_assert(load() < 0 && strstr(base.err.text, link) != NULL, "%s", base.err.text);
	cr_assert(strstr(base.err.text, "symbolic link") != NULL, "%s", base.err.text);
	free(directory);
	free(link);
	free(fifo);
}

Test(config_files, all_of_it_together_keeps_to_the_limits_of_one_file)
{
	char name[32], text[64];

	begin(LEAST_LINES);
	for (unsigned i = 0; i < LIMIT_DATABASES; i++) {
		(void)snprintf(name, sizeof(name), "%03u.ini", i);
		(void)snprintf(text, sizeof(text), "[database d%u]\npath = /d%u\n", i, i);
		drop_in(name, text);
	}
	cr_assert(good()->host.database_count == LIMIT_DATABASES);
	drop_in("x.ini", "\n[database x]\npath = /x\n");
	refused("x.ini", 2, "more than 64 [database] sections");
}

Test(config_files, the_keys_of_a_section_are_counted_over_all_files)
{
	struct buffer text = BUFFER_INIT(LIMIT_CONFIG);

	begin(LEAST_LINES "[plugin p]\none = 1\n");
	cr_assert(buffer_add_format(&text, "[plugin p]\n") == 0);
	for (unsigned i = 0; i < LIMIT_CONFIG_KEYS; i++) {
		cr_assert(buffer_add_format(&text, "k%u = 1\n", i) == 0);
	}
	drop_in("a.ini", buffer_text(&text));
	refused("a.ini", LIMIT_CONFIG_KEYS + 1, "[plugin p] has more than 256 keys");
	buffer_finish(&text);
}

Test(config_files, as_root_a_drop_in_that_others_can_write_is_refused)
{
	begin(LEAST_LINES);
	if (geteuid() != 0) {
		cr_skip_test("only root needs to trust the files");
	}
	drop_in("a.ini", "[health]\n");

	char *path = drop_in_path("a.ini");

	cr_assert(chmod(path, 0664) == 0);
	expect_unusable(-EPERM, "a.ini", "group-writable (g+w)");
	cr_assert(chmod(path, 0644) == 0 && chown(path, 65534, 0) == 0);
	expect_unusable(-EPERM, "a.ini", "belongs to user 65534");
	cr_assert(chown(path, 0, 0) == 0);
	cr_assert(load() == 0, "%s", base.err.text);
	free(path);
}

Test(config_files, as_root_a_directory_that_others_can_write_is_refused_even_when_it_is_empty)
{
	begin(LEAST_LINES);
	if (geteuid() != 0) {
		cr_skip_test("only root needs to trust the files");
	}
	char *directory = scratch_path(&base.scratch, "banger.ini.d");

	scratch_directory(directory);
	cr_assert(chmod(directory, 0777) == 0);
	cr_assert(load() == -EPERM, "who can write here can take drop-ins away");
	cr_assert(strstr(base.err.text, directory) != NULL, "%s", base.err.text);
	cr_assert(chmod(directory, 0755) == 0);
	cr_assert(load() == 0, "%s", base.err.text);
	free(directory);
}

Test(config_files, as_root_a_mask_that_others_could_have_put_there_is_refused)
{
	begin(LEAST_LINES);
	if (geteuid() != 0) {
		cr_skip_test("only root needs to trust the files");
	}
	drop_in("a.ini", LEAST_LINES);
	scratch_write(base.path, "");
	cr_assert(chmod(base.scratch.path, 01777) == 0);
	cr_assert(load() == -EPERM, "%d", base.err.code);
	cr_assert(chmod(base.scratch.path, 0700) == 0);
	cr_assert(load() == 0, "%s", base.err.text);
}

/* Files of several directories, as the standard search has them. */
static const char *const places[] = {"/etc/b", "/usr/lib/b", NULL};
static const struct search search = {places, "b.ini", ".ini"};

static void put(const char *name, const char *text)
{
	char *path = scratch_path(&base.scratch, "%s", name);
	char *directory = strndup(path, (size_t)(strrchr(path, '/') - path));

	scratch_directory(directory);
	scratch_write(path, text);
	free(directory);
	free(path);
}

static void read_found(struct sources *sources, struct document *document)
{
	cr_assert(search_run(&search, base.scratch.path, sources, &base.err) == 0);
	cr_assert(files_read(sources, document, &base.err) == 0, "%s", base.err.text);
}

Test(config_files, of_several_directories_one_document_is_made)
{
	struct sources sources = {0};
	struct document document = {0};

	begin(LEAST_LINES);
	put("usr/lib/b/b.ini", "[update]\nproduct = a\nkeys = /vendor\n");
	put("usr/lib/b/b.ini.d/10.ini", "[health]\ntimeout = 1s\nsettle = 1s\n");
	put("usr/lib/b/b.ini.d/20.ini", "[plugin hidden]\n");
	put("etc/b/b.ini.d/05.ini", "[health]\ntimeout = 2s\n[update]\nkeys = /local\n");
	put("etc/b/b.ini.d/20.ini", "");
	read_found(&sources, &document);

	const struct section *health = document_section(&document, SECTION_HEALTH, 0);
	const struct section *update = document_section(&document, SECTION_UPDATE, 0);
	const struct entry *timeout = section_entry(health, "timeout");
	const struct entry *keys = section_entry(update, "keys");

	cr_assert(document.section_count == 2);
	cr_assert_str_eq(timeout->value, "1s");
	cr_assert(strstr(timeout->origin.file, "usr/lib/b/b.ini.d/10.ini") != NULL);
	cr_assert(timeout->origin.line == 2);
	cr_assert_str_eq(keys->value, "/local");
	cr_assert(strstr(keys->origin.file, "etc/b/b.ini.d/05.ini") != NULL);
	cr_assert(keys->origin.line == 4);
	cr_assert(update->origin.line == 1 && strstr(update->origin.file, "usr/lib/b/b.ini"));
	document_finish(&document);
	sources_finish(&sources);
}

Test(config_files, a_main_file_of_a_higher_directory_replaces_the_lower_one_whole)
{
	struct sources sources = {0};
	struct document document = {0};

	begin(LEAST_LINES);
	put("usr/lib/b/b.ini", "[update]\nproduct = a\nkeys = /vendor\n");
	put("etc/b/b.ini", "[update]\nproduct = b\n");
	read_found(&sources, &document);
	cr_assert(document.sections[0].entry_count == 1);
	cr_assert_str_eq(document.sections[0].entries[0].value, "b");
	document_finish(&document);
	sources_finish(&sources);
}
