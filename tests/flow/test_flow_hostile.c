/*
 * test_flow_hostile.c - releases, manifests and files that were tampered with: refused as errors
 * before a byte of them counts, with everything as it was.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"
#include "support/tar_builder.h"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
}

static void end(void)
{
	world_finish(&world);
}

static struct release_built publish(const struct release_spec *spec)
{
	return world_publish(&world, &(struct world_release){.version = "0.2.0",
							     .migrations = 3,
							     .spec = *spec});
}

static struct release_built publish_plain(void)
{
	return publish(&(struct release_spec){0});
}

static void publish_and_forget(const struct release_spec *spec)
{
	struct release_built built = publish(spec);

	release_built_free(&built);
}

/* Publishes an archive with a good bangerd and banger, and one more entry. */
static void publish_with_entry(const struct tar_header *entry)
{
	static const char program[] = "#!/bin/sh\necho 0.2.0\n";
	struct bytes tar = {0};

	tar_add_file(&tar, "bangerd", program, strlen(program));
	if (strcmp(entry->name, "banger") != 0) {
		tar_add_file(&tar, "banger", program, strlen(program));
	}
	tar_add_header(&tar, entry);
	tar_add_end(&tar);
	struct bytes compressed = tar_compress(&tar, "zst", NULL);

	publish_and_forget(&(struct release_spec){.tarball = &compressed});
	free(compressed.data);
	free(tar.data);
}

/* Changes the byte in the middle. */
static void damage(const char *path)
{
	struct stat st;
	unsigned char byte = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(pread(fd, &byte, 1, st.st_size / 2), 1);
	byte ^= 1;
	cr_assert_eq(pwrite(fd, &byte, 1, st.st_size / 2), 1);
	cr_assert_eq(close(fd), 0);
}

static void write_manifest(const char *text)
{
	char *path = path_join(world.releases, "manifest.json");

	scratch_write(path, text);
	free(path);
}

/* The manifest says that what was built is version. */
static void claim(const char *version, const struct release_built *built)
{
	const struct manifest_entry entry = {version, built};
	char *path = path_join(world.releases, "manifest.json");

	manifest_write(path, version, &entry, 1);
	free(path);
}

static char *key_path(void)
{
	return scratch_path(&world.scratch, "keys/release.pub");
}

TestSuite(hostile, .init = begin, .fini = end);

Test(hostile, a_tarball_that_was_changed)
{
	struct release_built built = publish_plain();

	damage(built.tarball);
	expect_nothing_changed(&world, "", EXPECTED(3, "download", built.tarball, "SHA-256"));
	release_built_free(&built);
}

Test(hostile, a_tarball_that_is_cut_off)
{
	struct release_built built = publish_plain();
	struct stat st;

	cr_assert_eq(stat(built.tarball, &st), 0);
	cr_assert_eq(truncate(built.tarball, st.st_size / 2), 0);
	expect_nothing_changed(&world, "", EXPECTED(3, "download", built.tarball, "SHA-256"));
	release_built_free(&built);
}

Test(hostile, a_tarball_that_is_not_there)
{
	struct release_built built = publish_plain();

	cr_assert_eq(unlink(built.tarball), 0);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "download", built.tarball, "No such file or directory"));
	release_built_free(&built);
}

Test(hostile, a_signature_by_another_key)
{
	struct signing_key other = signing_key_make();

	publish_and_forget(&(struct release_spec){.key = &other});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", "is not signed by a key in",
					"signs with another key"));
	signing_key_free(&other);
}

Test(hostile, sums_that_were_changed_after_they_were_signed)
{
	struct release_built built = publish_plain();

	damage(built.sums);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", built.sums, "is not signed by a key in"));
	release_built_free(&built);
}

Test(hostile, a_signature_that_is_none)
{
	publish_and_forget(&(struct release_spec){.signature = "trust me\n"});
	expect_nothing_changed(&world, "", EXPECTED(3, "verify", "SHA256SUMS.sig", "not base64"));
}

Test(hostile, no_key_at_all)
{
	char *key = key_path();

	publish_and_forget(&(struct release_spec){0});
	cr_assert_eq(unlink(key), 0);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", "no usable key in",
					"put the publisher's public key there",
					"without one every release is refused"));
	free(key);
}

Test(hostile, a_placeholder_for_a_key)
{
	char *key = key_path();

	publish_and_forget(&(struct release_spec){0});
	scratch_write(key, "# put the publisher's key here\n");
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", "no usable key in", key,
					"is not a usable key"));
	free(key);
}

Test(hostile, an_old_release_under_a_new_version)
{
	struct release_built built = publish_plain();

	claim("0.3.0", &built);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify",
					"the tarball of banger 0.3.0 for this machine is called",
					built.tarball));
	release_built_free(&built);
}

Test(hostile, an_old_release_under_a_new_version_and_file_name)
{
	struct release_built built = publish_plain();
	struct utsname host;
	char *renamed = NULL;

	cr_assert_eq(uname(&host), 0);
	renamed = scratch_path(&world.scratch, "releases/banger-0.3.0-linux-%s.tar.zst",
			       host.machine);
	cr_assert_eq(rename(built.tarball, renamed), 0);
	free(built.tarball);
	built.tarball = renamed;
	claim("0.3.0", &built);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", built.sums, "does not list banger-0.3.0",
					"the signed release is not banger 0.3.0"));
	release_built_free(&built);
}

Test(hostile, a_release_of_another_product)
{
	publish_and_forget(&(struct release_spec){.product = "hanger"});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", "the tarball of banger 0.2.0",
					"hanger-0.2.0"));
}

Test(hostile, a_release_for_another_machine)
{
	publish_and_forget(&(struct release_spec){.machine = "vax"});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", "the tarball of banger 0.2.0 for this machine",
					"linux-vax"));
}

Test(hostile, a_file_too_many)
{
	publish_with_entry(&(struct tar_header){.name = "backdoor"});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "unpack", "the release was not unpacked", "backdoor"));
}

Test(hostile, a_file_too_few)
{
	const struct release_file files[] = {{.name = "bangerd", .text = "#!/bin/sh\n"}};

	publish_and_forget(&(struct release_spec){.files = files, .file_count = 1});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "unpack", "the release was not unpacked", "banger"));
}

Test(hostile, a_symbolic_link)
{
	publish_with_entry(
		&(struct tar_header){.name = "banger", .type = '2', .link = "/etc/passwd"});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "unpack", "the release was not unpacked", "banger"));
}

Test(hostile, an_absolute_name)
{
	publish_with_entry(&(struct tar_header){.name = "/etc/cron.d/banger"});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "unpack", "the release was not unpacked",
					"/etc/cron.d/banger"));
}

Test(hostile, a_name_that_climbs)
{
	publish_with_entry(&(struct tar_header){.name = "../banger"});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "unpack", "the release was not unpacked", "../banger"));
}

Test(hostile, details_that_were_changed)
{
	struct release_built built = publish_plain();

	damage(built.details);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", built.details,
					"is not the file that was signed", "SHA-256 differs"));
	release_built_free(&built);
}

Test(hostile, signed_details_of_another_product_or_version)
{
	publish_and_forget(&(struct release_spec){
		.release_json =
			"{\"schema_version\":1,\"product\":\"hanger\",\"version\":\"0.2.0\"}"});
	expect_nothing_changed(&world, "", EXPECTED(3, "verify", "release.json", "hanger"));
	publish_and_forget(&(struct release_spec){
		.release_json =
			"{\"schema_version\":1,\"product\":\"banger\",\"version\":\"0.1.9\"}"});
	expect_nothing_changed(&world, "", EXPECTED(3, "verify", "release.json", "0.1.9"));
}

Test(hostile, signed_details_with_something_critical_that_is_unknown)
{
	publish_and_forget(&(struct release_spec){
		.release_json =
			"{\"schema_version\":1,\"product\":\"banger\",\"version\":\"0.2.0\","
			"\"critical\":[\"reboot\"],\"reboot\":true}"});
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "verify", "'reboot' as critical",
					"update banger-update first"));
}

Test(hostile, no_manifest)
{
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(3, "discover", "manifest.json",
						   "No such file or directory"));
}

Test(hostile, a_manifest_that_is_no_json)
{
	write_manifest("<html>Please log in</html>\n");
	expect_nothing_changed(&world, "", EXPECTED_UNRECORDED(3, "discover", "manifest.json"));
}

Test(hostile, a_manifest_of_a_newer_schema)
{
	write_manifest("{\"schema_version\":2,\"latest_stable\":\"0.2.0\",\"releases\":[]}\n");
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(3, "discover", "manifest.json", "2", "update"));
}

Test(hostile, a_manifest_without_the_version_it_praises)
{
	write_manifest("{\"schema_version\":1,\"latest_stable\":\"0.2.0\",\"releases\":[]}\n");
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(3, "discover", "manifest.json",
						   "does not list version 0.2.0"));
	expect_nothing_changed(&world, "--to 7.0.0",
			       EXPECTED_UNRECORDED(3, "discover", "manifest.json",
						   "does not list version 7.0.0"));
}

Test(hostile, a_version_that_is_a_path)
{
	write_manifest("{\"schema_version\":1,\"latest_stable\":\"../../etc\",\"releases\":[]}\n");
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(3, "discover", "latest_stable", "../../etc"));
}

/* Where the sums are said to be, when all else is fine. */
static void claim_sums_at(const char *url)
{
	struct release_built built = publish_plain();
	char *text = NULL;

	cr_assert(asprintf(&text,
			   "{\"schema_version\":1,\"latest_stable\":\"0.2.0\",\"releases\":["
			   "{\"version\":\"0.2.0\",\"tarball_url\":\"file://%s\","
			   "\"sha256sums_url\":\"%s\",\"sha256sums_sig_url\":\"file://%s\"}]}\n",
			   built.tarball, url, built.signature) > 0);
	write_manifest(text);
	free(text);
	release_built_free(&built);
}

Test(hostile, an_address_that_cannot_be_fetched)
{
	static const char *const urls[] = {"ftp://127.0.0.1/SHA256SUMS",
					   "http://127.0.0.1:9/SHA256SUMS",
					   "file://elsewhere/SHA256SUMS", "file:///dev/zero"};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		claim_sums_at(urls[i]);
		expect_nothing_changed(&world, "",
				       EXPECTED(3, "verify", "cannot read the checksums",
						strrchr(urls[i], '/')));
	}
}

Test(hostile, an_address_without_a_scheme)
{
	claim_sums_at("/etc/passwd");
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(3, "discover", "sha256sums_url", "not a URL"));
}

Test(hostile, an_ini_file_that_others_may_write)
{
	char *says = NULL;

	world_skip_unless(&world, geteuid() == 0, "only root is so careful");
	publish_and_forget(&(struct release_spec){0});
	cr_assert_eq(chmod(world.ini, 0664), 0);
	cr_assert(asprintf(&says, "%s is group-writable (g+w): run chmod go-w %s", world.ini,
			   world.ini) > 0);
	expect_nothing_changed(&world, "", EXPECTED_UNRECORDED(64, NULL, says));
	free(says);
}

Test(hostile, keys_that_others_may_write)
{
	world_skip_unless(&world, geteuid() == 0, "only root is so careful");
	char *keys = path_join(world.scratch.path, "keys");
	char *says = NULL;

	publish_and_forget(&(struct release_spec){0});
	cr_assert_eq(chmod(keys, 0757), 0);
	cr_assert(asprintf(&says, "%s is world-writable (o+w): run chmod go-w %s", keys, keys) > 0);
	expect_nothing_changed(&world, "", EXPECTED(3, "verify", says));
	free(says);
	free(keys);
}
