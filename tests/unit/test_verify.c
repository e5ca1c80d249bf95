/*
 * test_verify.c - a claim becomes a fact only through the signed sums.
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
#include "release/verify.h"
#include "support/minisign_builder.h"
#include "support/release_builder.h"
#include "support/scratch.h"

static const struct release_file files[] = {{.name = "bangerd", .text = "daemon"}};

struct world {
	struct scratch scratch;
	char *keys;
	struct signing_key key;
	struct release_spec spec;
	struct release_built built;
	struct release release;
	struct verify_options options;
};

static struct world *world_make(void)
{
	struct world *world = calloc(1, sizeof(*world));

	world->scratch = scratch_make();
	world->keys = scratch_path(&world->scratch, "keys");
	world->key = signing_key_make();
	scratch_directory(world->keys);
	cr_assert_eq(chmod(world->keys, 0755), 0);
	char *path = scratch_path(&world->scratch, "keys/test.pub");

	signing_key_publish(&world->key, path);
	free(path);
	world->spec = (struct release_spec){.directory = world->scratch.path,
					    .version = "1.1.0",
					    .files = files,
					    .file_count = 1,
					    .key = &world->key};
	world->options = (struct verify_options){.product = "banger", .keys = world->keys};
	return world;
}

/* Builds what the spec says by now, and discovers it. */
static void build(struct world *world)
{
	struct discover_options options = {.product = "banger"};
	struct error err = {0};

	release_finish(&world->release);
	release_built_free(&world->built);
	world->built = release_build(&world->spec);
	options.manifest = world->built.manifest_url;
	cr_assert_eq(release_discover(&options, &world->release, &err), 0, "%s", err.text);
}

static void world_free(struct world *world)
{
	release_finish(&world->release);
	release_built_free(&world->built);
	signing_key_free(&world->key);
	free(world->keys);
	scratch_remove(&world->scratch);
	free(world);
}

static void accept(struct world *world)
{
	struct error err = {0};

	cr_assert_eq(release_verify(&world->options, &world->release, &err), 0, "%s", err.text);
	cr_assert_str_eq(world->release.key, "test.pub");
}

static void refuse(struct world *world, int code, const char *why)
{
	struct error err = {0};

	cr_assert_eq(release_verify(&world->options, &world->release, &err), code, "%s", err.text);
	cr_assert(strstr(err.text, why) != NULL, "%s", err.text);
	cr_assert_null(world->release.tarball_name, "nothing may look verified");
	cr_assert_null(world->release.key);
	cr_assert_null(world->release.migrations);
}

static void flip(const char *path, size_t at)
{
	char *text = scratch_read(path);
	size_t length = strlen(text);

	cr_assert_lt(at, length);
	text[at] = (char)(text[at] ^ 1);
	scratch_write_bytes(path, text, length, 0644);
	free(text);
}

Test(verify, fills_in_what_was_signed)
{
	struct world *world = world_make();
	struct digest digest;
	struct error err;

	world->spec.migrations = "{\"state\":[1,2,3]}";
	build(world);
	accept(world);
	accept(world); /* again, over the first result */
	cr_assert_eq(digest_path(world->built.tarball, &digest, &err), 0);
	cr_assert_arr_eq(digest.bytes, world->release.tarball_digest.bytes, DIGEST_SIZE);
	cr_assert_str_eq(world->release.tarball_name, strrchr(world->built.tarball, '/') + 1);
	cr_assert_eq(world->release.migration_count, 1);
	cr_assert_eq(world->release.migrations[0].known.count, 3);
	cr_assert_str_eq(world->release.details + strlen("file://"), world->built.details);
	world_free(world);
}

Test(verify, needs_no_release_json)
{
	struct world *world = world_make();

	build(world);
	scratch_write(world->built.details, "this is not in the sums, so it is not looked at");
	accept(world);
	cr_assert_null(world->release.details);
	cr_assert_eq(world->release.migration_count, 0);
	world_free(world);
}

Test(verify, accepts_every_allowed_name_of_the_tarball)
{
	static const char *const formats[] = {"banger-1.1.0-linux-%s.tar.zst",
					      "banger-1.1.0-linux-%s.tar.xz",
					      "banger-1.1.0-linux-%s.tar.gz",
					      "banger-v1.1.0-linux-%s.tar.zst"};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct world *world = world_make();
		const char *percent = strchr(formats[i], '%');
		char name[128];

		(void)snprintf(name, sizeof(name), "%.*s%s%s", (int)(percent - formats[i]),
			       formats[i], release_machine(), percent + 2);
		world->spec.tarball_name = name;
		build(world);
		accept(world);
		cr_assert_str_eq(world->release.tarball_name, name);
		world_free(world);
	}
}

Test(verify, refuses_sums_with_any_byte_changed)
{
	struct world *world = world_make();

	build(world);
	char *good = scratch_read(world->built.sums);

	for (size_t at = 0; at < strlen(good); at += 7) {
		flip(world->built.sums, at);
		refuse(world, -EKEYREJECTED, "is not signed by a key");
		scratch_write(world->built.sums, good);
	}
	accept(world);
	free(good);
	world_free(world);
}

Test(verify, refuses_a_signature_with_any_character_changed)
{
	struct world *world = world_make();

	build(world);
	char *good = scratch_read(world->built.signature);

	/* Of the last characters some bits are padding; they are covered by base64's own test. */
	for (size_t at = 0; at + 5 < strlen(good); at += 5) {
		struct error err;

		flip(world->built.signature, at);
		int rc = release_verify(&world->options, &world->release, &err);

		cr_assert(rc == -EKEYREJECTED || rc == -EBADMSG, "%zu: %d", at, rc);
		scratch_write(world->built.signature, good);
	}
	accept(world);
	free(good);
	world_free(world);
}

Test(verify, refuses_signatures_that_are_none)
{
	struct world *world = world_make();
	char *large = calloc(1, LIMIT_SIGNATURE + 2);

	memset(large, 'A', LIMIT_SIGNATURE + 1);
	world->spec.signature_end = "\n\n";
	build(world);
	refuse(world, -EBADMSG, "SHA256SUMS.sig");
	scratch_write(world->built.signature, "");
	refuse(world, -EBADMSG, "SHA256SUMS.sig");
	scratch_write(world->built.signature, large);
	refuse(world, -EFBIG, "SHA256SUMS.sig");
	cr_assert_eq(unlink(world->built.signature), 0);
	refuse(world, -ENOENT, "SHA256SUMS.sig");
	free(large);
	world_free(world);
}

Test(verify, refuses_what_another_key_signed)
{
	struct world *world = world_make();
	struct signing_key stranger = signing_key_make();

	world->spec.key = &stranger;
	build(world);
	refuse(world, -EKEYREJECTED, world->keys);
	signing_key_free(&stranger);
	world_free(world);
}

Test(verify, names_the_key_that_signed)
{
	struct world *world = world_make();
	struct signing_key next = signing_key_make();
	char *path = scratch_path(&world->scratch, "keys/next.pub");
	struct error err = {0};

	signing_key_publish(&next, path);
	world->spec.key = &next;
	build(world);
	cr_assert_eq(release_verify(&world->options, &world->release, &err), 0, "%s", err.text);
	cr_assert_str_eq(world->release.key, "next.pub");
	free(path);
	signing_key_free(&next);
	world_free(world);
}

/* Signs what was built by minisign, with a comment that would like to reach a terminal. */
static void sign_again(struct world *world, const struct minisign_pair *pair,
		       const struct minisign_options *options)
{
	char *sums = scratch_read(world->built.sums);
	char *text = minisign_sign(pair, options, sums, strlen(sums));

	scratch_write(world->built.signature, text);
	free(text);
	free(sums);
}

Test(verify, accepts_minisign_and_shows_its_comment_harmlessly)
{
	struct world *world = world_make();
	struct minisign_pair pair = minisign_pair_make();
	struct minisign_options options = {.comment = "1.1.0 \033[31mred"};
	char *path = scratch_path(&world->scratch, "keys/minisign.pub");
	struct error err = {0};

	build(world);
	sign_again(world, &pair, &options);
	refuse(world, -EKEYREJECTED, "minisign key ");
	minisign_pair_publish(&pair, path);
	cr_assert_eq(release_verify(&world->options, &world->release, &err), 0, "%s", err.text);
	cr_assert_str_eq(world->release.key, "minisign.pub");
	cr_assert_str_eq(world->release.comment, "1.1.0 ?[31mred");
	release_finish(&world->release);
	build(world);
	options.legacy = true;
	sign_again(world, &pair, &options);
	refuse(world, -EBADMSG, "minisign -H");
	free(path);
	minisign_pair_free(&pair);
	world_free(world);
}

Test(verify, takes_the_signature_out_of_a_bundle)
{
	struct world *world = world_make();
	char *text = NULL;

	build(world);
	char *signature = scratch_read(world->built.signature);

	cr_assert_gt(asprintf(&text, "{\"base64Signature\":\"%.*s\"}\n",
			      (int)strcspn(signature, "\n"), signature),
		     0);
	scratch_write(world->built.signature, text);
	accept(world);
	cr_assert_null(world->release.comment);
	free(signature);
	free(text);
	world_free(world);
}

Test(verify, refuses_everything_without_a_key)
{
	struct world *world = world_make();
	char *path = scratch_path(&world->scratch, "keys/test.pub");

	build(world);
	scratch_write(path, "# replace this by the publisher's key\n");
	refuse(world, -ENOKEY, "no usable key");
	cr_assert_eq(unlink(path), 0);
	refuse(world, -ENOKEY, "no usable key");
	free(path);
	world_free(world);
}

Test(verify, refuses_keys_that_are_not_trusted)
{
	struct world *world = world_make();

	build(world);
	world->options.check_trust = true;
	accept(world);
	release_finish(&world->release);
	build(world);
	cr_assert_eq(chmod(world->keys, 0777), 0);
	refuse(world, -EPERM, world->keys);
	world_free(world);
}

Test(verify, refuses_an_old_release_under_a_new_version)
{
	struct world *world = world_make();
	struct error err;

	/* Signed sums of 1.0.0, served by a mirror as those of 1.1.0. */
	world->spec.version = "1.0.0";
	build(world);
	cr_assert_eq(version_parse("1.1.0", &world->release.version, &err), 0);
	refuse(world, -EBADMSG, "banger-1.1.0-linux-");
	/* The URL gets the name too; the sums still do not. */
	free(world->release.tarball);
	char *renamed =
		scratch_path(&world->scratch, "banger-1.1.0-linux-%s.tar.zst", release_machine());

	cr_assert_eq(rename(world->built.tarball, renamed), 0);
	world->release.tarball = renamed;
	refuse(world, -ENOENT, "does not list");
	world_free(world);
}

Test(verify, refuses_another_products_release)
{
	struct world *world = world_make();

	world->spec.product = "other";
	build(world);
	refuse(world, -EBADMSG, "banger-1.1.0-linux-");
	world_free(world);
}

Test(verify, refuses_another_machines_release)
{
	struct world *world = world_make();

	world->spec.machine = "vax";
	build(world);
	refuse(world, -EBADMSG, "linux-vax");
	world_free(world);
}

Test(verify, refuses_malformed_sums_although_they_are_signed)
{
	struct world *world = world_make();

	world->spec.more_sums = "who knows what this means\n";
	build(world);
	refuse(world, -EBADMSG, "line 2");
	world->spec.more_sums = NULL;
	world->spec.sums = "";
	build(world);
	refuse(world, -ENOENT, "does not list");
	world_free(world);
}

Test(verify, refuses_sums_that_are_too_large)
{
	struct world *world = world_make();
	char *large = calloc(1, LIMIT_SUMS + 2);

	memset(large, '#', LIMIT_SUMS + 1);
	world->spec.sums = large;
	build(world);
	refuse(world, -EFBIG, "SHA256SUMS");
	free(large);
	world_free(world);
}

Test(verify, refuses_a_changed_missing_or_large_release_json)
{
	struct world *world = world_make();
	char *large = calloc(1, LIMIT_RELEASE_JSON + 2);

	world->spec.migrations = "{\"state\":[1,2]}";
	build(world);
	scratch_write(world->built.details,
		      "{\"schema_version\":1,\"product\":\"banger\",\"version\":\"1.1.0\","
		      "\"migrations\":{\"state\":[1]}}");
	refuse(world, -EBADMSG, "release.json");
	cr_assert_eq(unlink(world->built.details), 0);
	refuse(world, -ENOENT, "release.json");
	memset(large, ' ', LIMIT_RELEASE_JSON + 1);
	scratch_write(world->built.details, large);
	refuse(world, -EFBIG, "release.json");
	free(large);
	world_free(world);
}

Test(verify, refuses_a_signed_release_json_about_something_else)
{
	struct world *world = world_make();

	world->spec.release_json =
		"{\"schema_version\":1,\"product\":\"other\",\"version\":\"1.1.0\"}";
	build(world);
	refuse(world, -EBADMSG, "product");
	world->spec.release_json =
		"{\"schema_version\":1,\"product\":\"banger\",\"version\":\"1.0.0\"}";
	build(world);
	refuse(world, -EBADMSG, "version");
	world->spec.release_json = "{\"schema_version\":1,\"product\":\"banger\",\"version\":"
				   "\"1.1.0\",\"critical\":[\"rollout\"]}";
	build(world);
	refuse(world, -EBADMSG, "rollout");
	world_free(world);
}
