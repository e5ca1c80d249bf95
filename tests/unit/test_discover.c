/*
 * test_discover.c - the release that is meant, by manifest or at hand.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "release/discover.h"
#include "support/release_builder.h"
#include "support/scratch.h"

static const struct release_file files[] = {{.name = "bangerd", .text = "daemon"}};

struct world {
	struct scratch scratch;
	struct signing_key key;
	struct release_built built;
};

static struct world world_make(void)
{
	struct world world = {.scratch = scratch_make(), .key = signing_key_make()};
	struct release_spec spec = {.directory = world.scratch.path,
				    .version = "1.1.0",
				    .files = files,
				    .file_count = 1,
				    .key = &world.key};

	world.built = release_build(&spec);
	return world;
}

static void world_free(struct world *world)
{
	release_built_free(&world->built);
	signing_key_free(&world->key);
	scratch_remove(&world->scratch);
}

/* An empty file called PRODUCT-VERSION-linux-MACHINE.SUFFIX in the scratch directory. */
static void touch(const struct world *world, const char *version, const char *suffix)
{
	char *path = scratch_path(&world->scratch, "banger-%s-linux-%s%s", version,
				  release_machine(), suffix);

	scratch_write(path, "");
	free(path);
}

static void expect(const struct discover_options *options, const char *version, const char *tarball)
{
	struct release release = {0};
	struct error err = {0};

	cr_assert_eq(release_discover(options, &release, &err), 0, "%s", err.text);
	cr_assert_str_eq(release.version.text, version);
	cr_assert_str_eq(release.tarball, tarball);
	release_finish(&release);
}

static void refuse(const struct discover_options *options, int code, const char *why)
{
	struct release release = {0};
	struct error err = {0};

	cr_assert_eq(release_discover(options, &release, &err), code, "%s", err.text);
	cr_assert(strstr(err.text, why) != NULL, "%s", err.text);
	cr_assert_null(release.tarball);
}

Test(discover, follows_the_manifest)
{
	struct world world = world_make();
	struct discover_options options = {.product = "banger",
					   .manifest = world.built.manifest_url};
	struct release release = {0};
	struct error err = {0};

	cr_assert_eq(release_discover(&options, &release, &err), 0, "%s", err.text);
	cr_assert_str_eq(release.version.text, "1.1.0");
	cr_assert_str_eq(release.tarball + strlen("file://"), world.built.tarball);
	cr_assert_str_eq(release.sums + strlen("file://"), world.built.sums);
	cr_assert_str_eq(release.signature + strlen("file://"), world.built.signature);
	release_finish(&release);
	options.manifest = world.built.manifest;
	options.to = "v1.1.0";
	cr_assert_eq(release_discover(&options, &release, &err), 0, "a plain path: %s", err.text);
	release_finish(&release);
	options.to = "3.0.0";
	refuse(&options, -ENOENT, "3.0.0");
	world_free(&world);
}

Test(discover, refuses_a_manifest_it_cannot_read)
{
	struct world world = world_make();
	struct discover_options options = {.product = "banger"};
	char *large = calloc(1, LIMIT_MANIFEST + 2);

	options.manifest = "https://releases.example/manifest.json";
	refuse(&options, -EPROTO, "only local files");
	options.manifest = "gopher://releases.example/";
	refuse(&options, -ENOTSUP, "gopher");
	options.manifest = "file://host/manifest.json";
	refuse(&options, -EINVAL, "host");
	options.manifest = world.scratch.path;
	refuse(&options, -EISDIR, world.scratch.path);
	options.manifest = "/nonexistent/manifest.json";
	refuse(&options, -ENOENT, "/nonexistent/manifest.json");
	options.manifest = "/dev/zero";
	refuse(&options, -EINVAL, "regular file");
	options.manifest = world.built.manifest;
	memset(large, ' ', LIMIT_MANIFEST + 1);
	scratch_write(world.built.manifest, large);
	refuse(&options, -EFBIG, world.built.manifest);
	scratch_write(world.built.manifest, "{\"schema_version\":2}");
	refuse(&options, -EINVAL, world.built.manifest);
	free(large);
	world_free(&world);
}

Test(discover, does_not_hang_on_a_fifo)
{
	struct world world = world_make();
	char *fifo = scratch_path(&world.scratch, "fifo");
	struct discover_options options = {.product = "banger", .manifest = fifo};

	cr_assert_eq(mkfifo(fifo, 0600), 0);
	refuse(&options, -EINVAL, "regular file");
	free(fifo);
	world_free(&world);
}

Test(discover, finds_the_signature_under_each_of_its_names)
{
	static const char *const names[] = {"SHA256SUMS.sigstore.json", "SHA256SUMS.minisig",
					    "SHA256SUMS.sig"};
	struct world world = world_make();
	struct discover_options options = {.product = "banger", .local = world.scratch.path};

	cr_assert_eq(unlink(world.built.signature), 0);
	/* From the last to the first: each is preferred to those before it. */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = scratch_path(&world.scratch, "%s", names[i]);
		struct release release = {0};
		struct error err = {0};

		scratch_write(path, "a signature");
		cr_assert_eq(release_discover(&options, &release, &err), 0, "%s", err.text);
		cr_assert_str_eq(release.signature, path);
		release_finish(&release);
		free(path);
	}
	world_free(&world);
}

Test(discover, takes_the_only_release_of_a_directory)
{
	struct world world = world_make();
	struct discover_options options = {.product = "banger", .local = world.scratch.path};

	scratch_write(world.built.manifest, "not looked at");
	expect(&options, "1.1.0", world.built.tarball);
	/* The same release in a less preferred form does not make it ambiguous. */
	touch(&world, "v1.1.0", ".tar.gz");
	touch(&world, "1.1.0", ".tar.xz");
	expect(&options, "1.1.0", world.built.tarball);
	world_free(&world);
}

Test(discover, asks_which_when_a_directory_holds_several)
{
	struct world world = world_make();
	struct discover_options options = {.product = "banger", .local = world.scratch.path};

	touch(&world, "1.2.0", ".tar.zst");
	refuse(&options, -EINVAL, "--to");
	refuse(&options, -EINVAL, "1.2.0");
	refuse(&options, -EINVAL, "1.1.0");
	options.to = "v1.1.0";
	expect(&options, "1.1.0", world.built.tarball);
	options.to = "1.3.0";
	refuse(&options, -ENOENT, "1.3.0");
	options.to = "new";
	refuse(&options, -EINVAL, "new");
	world_free(&world);
}

Test(discover, lists_no_more_versions_than_fit)
{
	struct world world = world_make();
	struct discover_options options = {.product = "banger", .local = world.scratch.path};

	for (unsigned i = 0; i < 200; i++) {
		char version[32];

		(void)snprintf(version, sizeof(version), "2.0.%u", i);
		touch(&world, version, ".tar.gz");
	}
	refuse(&options, -EINVAL, ", ...)");
	world_free(&world);
}

Test(discover, takes_a_tarball_by_its_name)
{
	struct world world = world_make();
	struct discover_options options = {.product = "banger", .local = world.built.tarball};
	struct release release = {0};
	struct error err = {0};

	cr_assert_eq(release_discover(&options, &release, &err), 0, "%s", err.text);
	cr_assert_str_eq(release.tarball, world.built.tarball);
	cr_assert_str_eq(release.sums, world.built.sums);
	cr_assert_str_eq(release.signature, world.built.signature);
	release_finish(&release);
	options.to = "1.0.0";
	refuse(&options, -EINVAL, "--to");
	options.to = NULL;
	options.product = "other";
	refuse(&options, -EINVAL, "other-VERSION-linux-");
	world_free(&world);
}

Test(discover, says_what_is_missing)
{
	struct scratch scratch = scratch_make();
	struct discover_options options = {.product = "banger", .local = scratch.path};
	char *absent = scratch_path(&scratch, "absent");

	refuse(&options, -ENOENT, "banger-VERSION-linux-");
	options.local = absent;
	refuse(&options, -ENOENT, absent);
	free(absent);
	scratch_remove(&scratch);
}
