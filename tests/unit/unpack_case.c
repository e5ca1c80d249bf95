/*
 * unpack_case.c - unpack_case.h.
 */
#include "unpack_case.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

#define HELPER BANGER_BUILD_DIR "/core/release/unpack"

static const char *const two_names[] = {"bangerd", "banger"};

int open_program(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0, "%s is not built", path);
	return fd;
}

struct world *world_make(void)
{
	struct world *world = calloc(1, sizeof(*world));

	world->scratch = scratch_make();
	world->staging = scratch_path(&world->scratch, "staging");
	scratch_directory(world->staging);
	world->options = (struct unpack_options){
		.helper_fd = open_program(HELPER),
		.directory = world->staging,
		.names = two_names,
		.name_count = 2,
		.maximum = 32u * MIB,
		.timeout_ms = 60000,
	};
	return world;
}

void world_free(struct world *world)
{
	(void)close(world->options.helper_fd);
	free(world->staging);
	free(world->tar.data);
	scratch_remove(&world->scratch);
	free(world);
}

struct verified verified_make(const void *bytes, size_t length)
{
	struct verified verified = {memfd_create("archive", MFD_CLOEXEC), length};
	struct error err;

	cr_assert_geq(verified.fd, 0);
	cr_assert_eq(file_write(verified.fd, "archive", bytes, length, &err), 0);
	return verified;
}

int world_unpack(const struct world *world, const struct bytes *compressed,
		 struct staged_list *list, struct error *err)
{
	struct verified verified = verified_make(compressed->data, compressed->length);
	int rc = release_unpack(&world->options, &verified, list, err);

	verified_finish(&verified);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a process was left");
	cr_assert_eq(errno, ECHILD);
	return rc;
}

void refuse_bytes(const struct world *world, const struct bytes *compressed, int code,
		  const char *why)
{
	char *before = scratch_listing(world->scratch.path, "staging");
	struct staged_list list = {0};
	struct error err = {0};

	cr_assert_eq(world_unpack(world, compressed, &list, &err), code, "%s", err.text);
	cr_assert(strstr(err.text, why) != NULL, "expected '%s' in: %s", why, err.text);
	cr_assert_eq(list.count, 0);
	cr_assert_null(list.items);
	char *after = scratch_listing(world->scratch.path, "staging");

	cr_assert_str_eq(before, after, "nothing outside may change");
	free(before);
	free(after);
	cr_assert_eq(rmdir(world->staging), 0, "something was left in staging");
	scratch_directory(world->staging);
}

void refuse(struct world *world, int code, const char *why)
{
	struct bytes compressed = tar_compress(&world->tar, "zst", NULL);

	refuse_bytes(world, &compressed, code, why);
	free(compressed.data);
	world->tar.length = 0;
}

void add_text(struct world *world, const char *name, const char *text)
{
	tar_add_file(&world->tar, name, text, strlen(text));
}

void add_good(struct world *world)
{
	add_text(world, "bangerd", "the daemon");
	add_text(world, "banger", "the command");
}

void expect_staged(const struct world *world, const struct staged *staged, const char *name,
		   const void *bytes, size_t length)
{
	struct buffer content = BUFFER_INIT(64u * MIB);
	struct digest digest;
	struct error err = {0};
	struct stat st;

	cr_assert_str_eq(staged->name, name);
	cr_assert_eq(strncmp(staged->path, world->staging, strlen(world->staging)), 0);
	cr_assert_eq(staged->size, length);
	cr_assert_eq(lstat(staged->path, &st), 0);
	cr_assert(S_ISREG(st.st_mode));
	cr_assert_eq(st.st_mode & 07777, 0755);
	cr_assert_eq(st.st_uid, geteuid());
	cr_assert_eq(file_read_path(staged->path, &content, &err), 0, "%s", err.text);
	cr_assert_eq(content.length, length);
	cr_assert_eq(memcmp(content.data, bytes, length), 0, "%s is not bit-exact", name);
	cr_assert_eq(digest_path(staged->path, &digest, &err), 0);
	cr_assert_arr_eq(digest.bytes, staged->digest.bytes, DIGEST_SIZE);
	buffer_finish(&content);
}

void accept_bytes(struct world *world, const struct bytes *compressed)
{
	struct staged_list list = {0};
	struct error err = {0};

	cr_assert_eq(world_unpack(world, compressed, &list, &err), 0, "%s", err.text);
	cr_assert_eq(list.count, 2);
	expect_staged(world, &list.items[0], "bangerd", "the daemon", 10);
	expect_staged(world, &list.items[1], "banger", "the command", 11);
	for (size_t i = 0; i < list.count; i++) {
		cr_assert_eq(unlink(list.items[i].path), 0);
	}
	cr_assert_eq(rmdir(world->staging), 0, "more than the artifacts was staged");
	scratch_directory(world->staging);
	staged_list_finish(&list);
}

void accept(struct world *world, const char *suffix, const char *level)
{
	struct bytes compressed = tar_compress(&world->tar, suffix, level);

	accept_bytes(world, &compressed);
	free(compressed.data);
}
