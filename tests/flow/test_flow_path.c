/*
 * test_flow_path.c - names as long as the system allows, and a little longer: an update works, or
 * says what is too long before anything is touched.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "flow/expect.h"

#define COMPONENT    200  /* a name may have 255 bytes */
#define SQLITE_LIMIT 512  /* a path's bytes in SQLite's unix VFS */
#define DEEP         3900 /* a path may have 4095 bytes, and backups and staging need some */
#define TOO_DEEP     4060

static struct world world;

static void end(void)
{
	world_finish(&world);
}

/* A relative path that, below the host's directory, makes an absolute one of about length bytes. */
static char *path_of_length(size_t length)
{
	struct buffer path = BUFFER_INIT(length + COMPONENT);
	size_t in_front = sizeof("/tmp/banger-test-XXXXXX/host/") - 1;

	while (in_front + path.length + COMPONENT < length) {
		cr_assert_eq(buffer_add_format(&path, "%0*d/", COMPONENT - 1, 0), 0);
	}
	cr_assert_eq(buffer_add_format(&path, "%0*d", (int)(length - in_front - path.length), 0),
		     0);
	return buffer_detach(&path);
}

static void begin(const char *bin)
{
	world = world_make(&(struct world_options){.bin = bin});
	publish_release(&world, "0.2.0", 3, NULL);
}

static void begin_at_depth(size_t length)
{
	char *bin = path_of_length(length);

	begin(bin);
	free(bin);
}

/* Moves to a path of this length what key of section names. */
static char *deepen(const char *section, const char *key, size_t length)
{
	char *name = path_of_length(length);
	char *path = scratch_path(&world.scratch, "host/%s", name);

	scratch_directory(path);
	world_configure(&world, section, key, path);
	free(name);
	return path;
}

TestSuite(path, .fini = end);

Test(path, programs_that_lie_very_deep_are_updated)
{
	begin_at_depth(DEEP);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
}

Test(path, programs_that_lie_very_deep_are_put_back)
{
	begin_at_depth(DEEP);
	publish_release(&world, "0.2.0", 5, "unhealthy");
	expect_restored(&world, EXPECTED(4, "health", "not healthy"), 1);
}

Test(path, programs_that_lie_too_deep_to_be_staged_are_an_error)
{
	begin_at_depth(TOO_DEEP);
	expect_nothing_changed(&world, "", EXPECTED(3, "download", "File name too long"));
}

Test(path, programs_that_lie_a_little_too_deep_to_be_staged_are_an_error)
{
	begin_at_depth(TOO_DEEP - sizeof("/banger") - 6);
	expect_nothing_changed(&world, "", EXPECTED(3, "preflight", "File name too long"));
}

Test(path, programs_that_lie_too_deep_for_a_backup_are_an_error)
{
	char *staging = NULL;

	begin_at_depth(TOO_DEEP + 20);
	staging = scratch_path(&world.scratch, "staging");
	world_configure(&world, "[update]", "staging_dir", staging);
	scratch_directory(staging);
	expect_nothing_changed(&world, "", EXPECTED(3, "baseline", "artifact bangerd", "too long"));
	free(staging);
}

Test(path, a_release_that_lies_very_deep_is_installed)
{
	char *line = NULL;

	begin("bin");
	char *deep = deepen("[update]", "staging_dir", DEEP);
	char *link = path_join(deep, "0.2.0");
	char *release = path_join(world.releases, "0.2.0");

	cr_assert_eq(symlink(release, link), 0);
	cr_assert(asprintf(&line, "--release %s", link) > 0);
	expect_exit(&world, line, 0, NULL);
	assert_runs(&world, "0.2.0");
	free(line);
	free(deep);
	free(link);
	free(release);
}

Test(path, state_that_lies_deeper_than_sqlite_can_open_is_an_error)
{
	begin("bin");
	char *name = path_of_length(SQLITE_LIMIT);
	char *deep = scratch_path(&world.scratch, "host/%s", name);

	scratch_directory(deep);
	free(world.state);
	world.state = path_join(deep, "state");
	world_configure(&world, "[update]", "state_dir", world.state);
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(3, NULL, "journal.db", "characters"));
	free(name);
	free(deep);
}

/* Names a database of the section in a directory of this length, and puts one there. */
static char *deep_database(const char *section, size_t length)
{
	char *name = path_of_length(length);
	char *directory = scratch_path(&world.scratch, "host/%s", name);
	char *path = path_join(directory, "state.db");

	scratch_directory(directory);
	scratch_write(path, ""); /* which is a database, too */
	world_configure(&world, section, "path", path);
	free(name);
	free(directory);
	return path;
}

Test(path, a_database_that_lies_deeper_than_sqlite_can_open_is_an_error)
{
	begin("bin");
	char *path = deep_database("[database state]", SQLITE_LIMIT);
	char *text = scratch_read(world.database);

	scratch_write_bytes(path, text, 4096, 0644);
	free(text);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", "database state", "characters"));
	free(path);
}

/* The daemon can open its database; a copy of it below that directory is out of reach. */
Test(path, a_database_whose_copy_would_lie_too_deep_is_no_downfall)
{
	begin("bin");
	char *path = deep_database("[database extra]", SQLITE_LIMIT - 50);

	world_configure(&world, "[plugin schema-migration]", "enabled", "no");
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "snapshot", "database extra",
					"SQLite takes no path longer"));
	free(path);
}
