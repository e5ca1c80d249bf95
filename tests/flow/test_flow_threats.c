/*
 * test_flow_threats.c - releases as an attacker would publish them, against the installed updater.
 *
 * The identifiers are those of the threats that any updater faces (The Update Framework lists most
 * of them): R1 arbitrary installation, R5 mix and match, R6 the wrong software, R7 extensions that
 * must not be ignored, R14 tricks in the sums, R15 sizes beyond 32 bits, R16 unpacking before
 * verifying. After each: an error, and a host on which nothing changed.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "flow/world.h"

#define EXIT_ERROR_UNCHANGED 3
#define RUN_TIMEOUT_MS       60000

/* What there is to change. */
struct state {
	char *files;
	char *dump;
	pid_t daemon;
};

static struct world world;
static struct state before;

static struct state state_of(const struct world *of)
{
	return (struct state){world_files(of), world_dump(of), world_daemon(of)};
}

static void begin(void)
{
	world = world_make(&(struct world_options){.without_health = true});
	before = state_of(&world);
}

static void end(void)
{
	free(before.files);
	free(before.dump);
	world_finish(&world);
}

TestSuite(threats, .init = begin, .fini = end);

static void assert_unchanged(const char *what)
{
	struct state now = state_of(&world);

	cr_assert_str_eq(now.files, before.files, "%s changed what is installed", what);
	cr_assert_str_eq(now.dump, before.dump, "%s changed the database", what);
	cr_assert_eq(now.daemon, before.daemon, "%s touched the daemon", what);
	free(now.files);
	free(now.dump);
}

/* The update is refused with why, and nothing has changed. */
static void refuse(const char *what, const char *why)
{
	struct outcome outcome = world_update(&world, "");

	cr_assert_eq(outcome.exit_code, EXIT_ERROR_UNCHANGED, "%s: exit %d:\n%s%s", what,
		     outcome.exit_code, outcome.output, outcome.errors);
	cr_assert(strstr(outcome.output, why) != NULL || strstr(outcome.errors, why) != NULL,
		  "%s does not say '%s':\n%s%s", what, why, outcome.output, outcome.errors);
	outcome_free(&outcome);
	assert_unchanged(what);
}

/* What was refused was refused for its fault: without it the same release is installed. */
static void accept_release(void)
{
	struct outcome outcome = world_update(&world, "");

	cr_assert_eq(outcome.exit_code, 0, "%s%s", outcome.output, outcome.errors);
	outcome_free(&outcome);
	char *version = world_version(&world);

	cr_assert_str_eq(version, "banger 0.2.0");
	free(version);
}

static struct release_built publish(const struct release_spec *spec)
{
	return world_publish(&world, &(struct world_release){.version = "0.2.0",
							     .migrations = 3,
							     .spec = *spec});
}

static struct release_built publish_good(void)
{
	return publish(&(struct release_spec){0});
}

static void flip_bit(const char *path, off_t at, unsigned bit)
{
	char byte = 0;
	FILE *file = fopen(path, "r+e");

	cr_assert_not_null(file);
	cr_assert_eq(fseeko(file, at, SEEK_SET), 0);
	cr_assert_eq(fread(&byte, 1, 1, file), 1);
	byte = (char)(byte ^ (char)(1u << bit));
	cr_assert_eq(fseeko(file, at, SEEK_SET), 0);
	cr_assert_eq(fwrite(&byte, 1, 1, file), 1);
	cr_assert_eq(fclose(file), 0);
}

/* One bit of a file at a time, at places spread over all of it, and then all is well again. */
static void refuse_flips(const char *path, unsigned places)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	for (unsigned i = 0; i < places; i++) {
		off_t at = st.st_size * i / places;
		unsigned bit = i % 8;
		char *what = NULL;

		cr_assert_gt(asprintf(&what, "bit %u at %ld of %s", bit, (long)at, path), 0);
		flip_bit(path, at, bit);
		refuse(what, "");
		flip_bit(path, at, bit);
		free(what);
	}
	accept_release();
}

Test(threats, R1_a_bit_flipped_in_the_manifest)
{
	struct release_built built = publish_good();
	char *manifest = path_join(world.releases, "manifest.json");

	refuse_flips(manifest, 24);
	free(manifest);
	release_built_free(&built);
}

Test(threats, R1_a_bit_flipped_in_the_sums)
{
	struct release_built built = publish_good();

	refuse_flips(built.sums, 24);
	release_built_free(&built);
}

Test(threats, R1_a_bit_flipped_in_the_signature)
{
	struct release_built built = publish_good();

	refuse_flips(built.signature, 24);
	release_built_free(&built);
}

Test(threats, R1_a_bit_flipped_in_the_tarball)
{
	struct release_built built = publish_good();

	refuse_flips(built.tarball, 24);
	release_built_free(&built);
}

Test(threats, R1_a_bit_flipped_in_release_json)
{
	struct release_built built = publish_good();

	refuse_flips(built.details, 24);
	release_built_free(&built);
}

static void copy_over(const char *from, const char *to)
{
	struct buffer bytes = BUFFER_INIT((size_t)1 << 30);
	struct error err;

	cr_assert_eq(file_read_path(from, &bytes, &err), 0, "%s", err.text);
	scratch_write_bytes(to, bytes.data, bytes.length, 0644);
	buffer_finish(&bytes);
}

Test(threats, R5_an_old_tarball_in_a_new_release)
{
	struct release_built old =
		world_publish(&world, &(struct world_release){.version = "0.1.5", .migrations = 2});
	struct release_built built = publish_good();

	copy_over(old.tarball, built.tarball);
	refuse("the tarball of 0.1.5", "SHA-256");
	release_built_free(&old);
	release_built_free(&built);
}

Test(threats, R5_old_signed_sums_in_a_new_release)
{
	struct release_built old =
		world_publish(&world, &(struct world_release){.version = "0.1.5", .migrations = 2});
	struct release_built built = publish_good();

	copy_over(old.sums, built.sums);
	refuse("the sums of 0.1.5 without their signature", "is not signed by a key");
	copy_over(old.signature, built.signature);
	refuse("the sums of 0.1.5", "does not list");
	copy_over(old.tarball, built.tarball);
	refuse("all of 0.1.5", "does not list");
	release_built_free(&old);
	release_built_free(&built);
}

Test(threats, R6_another_products_release)
{
	struct release_built built = publish(&(struct release_spec){.product = "other"});

	refuse("another product", "is called banger-0.2.0-linux-");
	release_built_free(&built);
}

/* Under a name of ours, which only the signed release.json contradicts. */
Test(threats, R6_another_products_release_under_our_name)
{
	struct release_built ours = publish_good();
	struct release_built built = publish(&(
		struct release_spec){.product = "other", .tarball_name = path_name(ours.tarball)});

	refuse("another product under our name", "its product is 'other', not 'banger'");
	release_built_free(&ours);
	release_built_free(&built);
}

Test(threats, R6_another_machines_release)
{
	struct release_built built = publish(&(struct release_spec){.machine = "vax"});

	refuse("another machine", "for this machine");
	release_built_free(&built);
}

#define DETAILS "{\"schema_version\":1,\"product\":\"banger\",\"version\":\"0.2.0\","

Test(threats, R7_a_field_that_must_not_be_ignored)
{
	struct release_built built = publish(&(struct release_spec){
		.release_json = DETAILS "\"critical\":[\"after\"],\"after\":\"run-this\"}"});

	refuse("a critical field", "'after' as critical");
	release_built_free(&built);
}

Test(threats, R7_a_field_that_may_be_ignored)
{
	struct release_built built = publish(&(struct release_spec){
		.release_json = DETAILS "\"critical\":[],\"after\":\"run-this\","
					"\"migrations\":{\"state\":[1,2,3]}}"});

	accept_release();
	release_built_free(&built);
}

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

Test(threats, R14_signed_sums_with_a_line_that_can_be_read_in_two_ways)
{
	static const char *const lines[] = {
		HEX "  ../bangerd\n", HEX "  release.json\n",        HEX "  notes\r\n",
		HEX "a  notes\n",     "\\" HEX "  a\\nb\n",          "SHA512 (notes) = " HEX "\n",
		"notes " HEX "\n",    "SHA256 (a/b) = " HEX "\n",    HEX " notes\n",
		HEX "  a\033[2Jb\n",  HEX "  notes\n" HEX " *notes", "<html>\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct release_built built = publish(&(struct release_spec){.more_sums = lines[i]});

		refuse(lines[i], "line ");
		release_built_free(&built);
	}
}

Test(threats, R14_signed_sums_that_do_not_name_the_tarball)
{
	struct release_built built = publish(&(struct release_spec){.sums = HEX "  notes\n"});

	refuse("no line for the tarball", "does not list");
	release_built_free(&built);
}

/* A valid archive and five gibibytes of nothing behind it: 32 bits would see a fraction of it. */
Test(threats, R15_a_tarball_of_five_gibibytes, .timeout = 300)
{
	struct release_built built = publish_good();

	cr_assert_eq(truncate(built.tarball, (off_t)5 << 30), 0);
	refuse("a sparse file of 5 GiB", "max_tarball");
	release_built_free(&built);
}

/* A copy of the installed programs, in which unpack only tells that it was started. */
static char *install_marking_helper(void)
{
	static const char *const programs[] = {"bin/banger-update",
					       "libexec/banger-update/preflight-host"};
	char *prefix = scratch_path(&world.scratch, "prefix");
	char *unpack = scratch_path(&world.scratch, "prefix/libexec/banger-update/unpack");
	char *directory = scratch_path(&world.scratch, "prefix/libexec/banger-update");
	char *bin = scratch_path(&world.scratch, "prefix/bin");
	struct error err;

	cr_assert_eq(file_make_directories(directory, 0755, &err), 0, "%s", err.text);
	cr_assert_eq(file_make_directories(bin, 0755, &err), 0, "%s", err.text);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char *from = path_join(BANGER_BUILD_DIR "/prefix", programs[i]);
		char *to = path_join(prefix, programs[i]);

		copy_over(from, to);
		cr_assert_eq(chmod(to, 0755), 0);
		free(from);
		free(to);
	}
	copy_over(BANGER_BUILD_DIR "/tests/support/marking_unpack", unpack);
	cr_assert_eq(chmod(unpack, 0755), 0);
	free(directory);
	free(bin);
	free(unpack);
	return prefix;
}

/* Runs that copy. True when the helper was started. */
static bool is_unpacked_by(const char *prefix)
{
	char *program = path_join(prefix, "bin/banger-update");
	char *mark = path_join(prefix, "libexec/banger-update/unpack.started");
	struct strings words = {0};
	struct process_result result = {0};
	struct error err = {0};

	cr_assert_eq(strings_add(&words, program), 0);
	cr_assert_eq(strings_add(&words, "--config"), 0);
	cr_assert_eq(strings_add(&words, world.ini), 0);
	cr_assert_eq(process_run(&words, RUN_TIMEOUT_MS, &result, &err), 0, "%s", err.text);
	cr_assert_eq(result.status.exit_code, EXIT_ERROR_UNCHANGED, "%s%s",
		     buffer_text(&result.output), buffer_text(&result.errors));
	bool was_started = scratch_exists(mark);

	process_result_finish(&result);
	strings_finish(&words);
	free(program);
	free(mark);
	return was_started;
}

/* Some kibibytes that decompress to 64 MiB; the signed sums are those of another file. */
Test(threats, R16_a_bomb_with_a_wrong_hash_never_reaches_the_unpacker)
{
	struct release_built built = publish_good();
	char *prefix = install_marking_helper();
	char *good = scratch_path(&world.scratch, "good");
	struct bytes zeros = {0};

	copy_over(built.tarball, good);
	bytes_add_zeros(&zeros, (size_t)64 << 20);
	struct bytes bomb = tar_compress(&zeros, "zst", NULL);

	scratch_write_bytes(built.tarball, bomb.data, bomb.length, 0644);
	cr_assert_not(is_unpacked_by(prefix), "a byte of it was looked at");
	assert_unchanged("a bomb");
	/* The mark is one: what was signed reaches the helper. */
	copy_over(good, built.tarball);
	cr_assert(is_unpacked_by(prefix));
	assert_unchanged("a helper that does nothing");
	free(bomb.data);
	free(zeros.data);
	free(good);
	free(prefix);
	release_built_free(&built);
}
