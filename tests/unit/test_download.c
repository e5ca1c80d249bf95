/*
 * test_download.c - the signed bytes or none, and none that change afterwards.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "release/download.h"
#include "support/hostile_server.h"
#include "support/scratch.h"

struct world {
	struct scratch scratch;
	char *spill;
	char *path;
	char *bytes;
	size_t length;
	struct release release;
	struct download_options options;
};

static void set_digest(struct world *world)
{
	struct error err;

	cr_assert_eq(digest_path(world->path, &world->release.tarball_digest, &err), 0);
}

/* A tarball of length bytes, whose hash is the signed one. */
static struct world *world_make(size_t length)
{
	struct world *world = calloc(1, sizeof(*world));

	world->scratch = scratch_make();
	world->spill = scratch_path(&world->scratch, "spill");
	world->path = scratch_path(&world->scratch, "tarball");
	world->bytes = malloc(length + 1);
	world->length = length;
	for (size_t i = 0; i < length; i++) {
		world->bytes[i] = (char)(i * 31 + i / 251);
	}
	scratch_directory(world->spill);
	scratch_write_bytes(world->path, world->bytes, length, 0644);
	world->release.tarball = strdup(world->path);
	world->options = (struct download_options){.maximum = 4u * MIB, .spill_dir = world->spill};
	set_digest(world);
	return world;
}

static void world_free(struct world *world)
{
	release_finish(&world->release);
	free(world->spill);
	free(world->path);
	free(world->bytes);
	scratch_remove(&world->scratch);
	free(world);
}

static struct verified accept(struct world *world)
{
	struct verified verified = {0};
	struct error err = {0};

	cr_assert_eq(release_download(&world->options, &world->release, &verified, &err), 0, "%s",
		     err.text);
	return verified;
}

static void refuse(struct world *world, int code, const char *why)
{
	struct verified verified = {0};
	struct error err = {0};

	cr_assert_eq(release_download(&world->options, &world->release, &verified, &err), code,
		     "%s", err.text);
	cr_assert(strstr(err.text, why) != NULL, "%s", err.text);
	cr_assert_eq(verified.size, 0);
}

static void expect_content(const struct world *world, const struct verified *verified)
{
	char *read_back = malloc(world->length + 1);

	cr_assert_eq(verified->size, world->length);
	cr_assert_eq(pread(verified->fd, read_back, world->length + 1, 0), (ssize_t)world->length);
	cr_assert_eq(memcmp(read_back, world->bytes, world->length), 0);
	free(read_back);
}

static void expect_frozen(const struct verified *verified)
{
	char path[64];

	cr_assert_lt(pwrite(verified->fd, "x", 1, 0), 0);
	cr_assert_eq(fcntl(verified->fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	cr_assert_lt(ftruncate(verified->fd, 0), 0);
	cr_assert_neq(fcntl(verified->fd, F_GETFD) & FD_CLOEXEC, 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", verified->fd);
	int again = open(path, O_WRONLY | O_CLOEXEC);

	/* A sealed memfd can be opened anew by its owner, and still not be written to. */
	cr_assert(again < 0 || pwrite(again, "x", 1, 0) < 0);
	if (again >= 0) {
		(void)close(again);
	}
}

Test(download, keeps_a_small_tarball_in_sealed_memory)
{
	struct world *world = world_make(1u * MIB + 7);
	char *before = scratch_listing(world->scratch.path, NULL);
	struct verified verified = accept(world);
	char *after = scratch_listing(world->scratch.path, NULL);

	expect_content(world, &verified);
	expect_frozen(&verified);
	cr_assert_eq(fcntl(verified.fd, F_GET_SEALS),
		     F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	cr_assert_str_eq(before, after, "nothing is written to disk");
	free(before);
	free(after);
	verified_finish(&verified);
	verified_finish(&verified);
	world_free(world);
}

Test(download, spills_a_large_one_to_a_file_without_a_name)
{
	/* Larger than one read, so that it moves with bytes already in memory. */
	struct world *world = world_make(1u * MIB + 7);

	world->options.in_memory = 600u * KIB;
	struct verified verified = accept(world);
	struct stat directory;
	struct stat st;

	expect_content(world, &verified);
	cr_assert_eq(stat(world->spill, &directory), 0);
	cr_assert_eq(fstat(verified.fd, &st), 0);
	cr_assert_eq(st.st_nlink, 0);
	cr_assert_eq(st.st_dev, directory.st_dev, "it is not a memfd");
	cr_assert_lt(pwrite(verified.fd, "x", 1, 0), 0);
	cr_assert_eq(rmdir(world->spill), 0, "nothing is left in the directory");
	verified_finish(&verified);
	world_free(world);
}

Test(download, says_when_there_is_no_place_to_spill_to)
{
	struct world *world = world_make(1u * MIB);

	world->options.in_memory = 1;
	world->options.spill_dir = "/nonexistent/spill";
	refuse(world, -ENOENT, "/nonexistent/spill");
	world->options.spill_dir = NULL;
	refuse(world, -ENOSPC, "memory");
	world_free(world);
}

Test(download, refuses_a_changed_or_incomplete_tarball)
{
	struct world *world = world_make(100u * KIB);

	world->bytes[50u * KIB] ^= 1;
	scratch_write_bytes(world->path, world->bytes, world->length, 0644);
	refuse(world, -EBADMSG, "was changed or is incomplete");
	world->bytes[50u * KIB] ^= 1;
	scratch_write_bytes(world->path, world->bytes, world->length - 1, 0644);
	refuse(world, -EBADMSG, world->path);
	scratch_write_bytes(world->path, world->bytes, 0, 0644);
	refuse(world, -EBADMSG, world->path);
	scratch_write_bytes(world->path, world->bytes, world->length, 0644);
	struct verified verified = accept(world);

	verified_finish(&verified);
	world_free(world);
}

Test(download, refuses_a_tarball_over_the_maximum)
{
	struct world *world = world_make(300u * KIB);

	world->options.maximum = 300u * KIB;
	struct verified verified = accept(world);

	verified_finish(&verified);
	world->options.maximum = 300u * KIB - 1;
	refuse(world, -EFBIG, "max_tarball");
	world_free(world);
}

Test(download, refuses_an_empty_tarball_even_when_it_is_signed)
{
	struct world *world = world_make(0);

	refuse(world, -EBADMSG, "empty");
	world_free(world);
}

Test(download, reads_only_regular_files)
{
	struct world *world = world_make(1);

	cr_assert_eq(unlink(world->path), 0);
	refuse(world, -ENOENT, world->path);
	cr_assert_eq(mkfifo(world->path, 0600), 0);
	refuse(world, -EINVAL, "regular file");
	free(world->release.tarball);
	world->release.tarball = strdup("/dev/zero");
	refuse(world, -EINVAL, "regular file");
	free(world->release.tarball);
	world->release.tarball = strdup(world->spill);
	refuse(world, -EISDIR, world->spill);
	world_free(world);
}

Test(download, stops_at_the_maximum_of_a_file_of_a_tebibyte, .timeout = 60)
{
	struct world *world = world_make(8);

	world->options.maximum = 1u * MIB;
	cr_assert_eq(truncate(world->path, (off_t)1 << 40), 0);
	refuse(world, -EFBIG, "max_tarball");
	world_free(world);
}

/* The tarball over http, from a server that serves it like this. */
static void expect_from_server(const char *mischief, uint64_t in_memory, uint64_t body_bytes)
{
	struct world *world = world_make(300u * KIB);
	struct hostile_server server = hostile_server_start(world->scratch.path);
	struct error err = {0};
	char *url = NULL;

	cr_assert_gt(asprintf(&url, "http://127.0.0.1:%d/%s/tarball", server.port, mischief), 0);
	struct fetch_options options = {
		.helper_fd = open(BANGER_BUILD_DIR "/core/release/fetch", O_PATH | O_CLOEXEC),
		.manifest = url,
		.timeout_ms = 10000,
		.connect_timeout_ms = 5000,
		.retries = 2,
		.retry_pause_ms = 1,
	};

	cr_assert_eq(fetcher_open(&options, &world->options.fetcher, &err), 0, "%s", err.text);
	world->options.in_memory = in_memory;
	free(world->release.tarball);
	world->release.tarball = url;
	struct verified verified = accept(world);

	expect_content(world, &verified);
	if (in_memory == 0) {
		expect_frozen(&verified);
	}
	cr_assert_eq(server.counts->body_bytes, body_bytes);
	verified_finish(&verified);
	fetcher_close(&world->options.fetcher);
	hostile_server_stop(&server);
	(void)close(options.helper_fd);
	world_free(world);
}

Test(download, joins_the_parts_of_one_file, .timeout = 60)
{
	expect_from_server("cut", 0, 300u * KIB);
	/* Beyond what is kept in memory. */
	expect_from_server("cut", 100u * KIB, 300u * KIB);
}

Test(download, begins_anew_when_the_server_says_it_is_another_file, .timeout = 60)
{
	expect_from_server("replaced", 0, (150u + 300u) * KIB);
	expect_from_server("replaced", 100u * KIB, (150u + 300u) * KIB);
}

Test(download, begins_anew_once_when_joined_parts_have_the_wrong_hash, .timeout = 60)
{
	expect_from_server("spliced", 0, (300u + 300u) * KIB);
	expect_from_server("spliced", 100u * KIB, (300u + 300u) * KIB);
}
