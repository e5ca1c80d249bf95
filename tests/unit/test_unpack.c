/*
 * test_unpack.c - exactly the artifacts come out of an archive, or nothing does.
 *
 * Hostile archives are written byte by byte (support/tar_builder.h) and go through the real
 * helper. After each: refused, the staging directory as empty as before, no process left.
 */
#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "release/unpack.h"
#include "release/unpack/confine.h"
#include "support/release_builder.h"
#include "support/scratch.h"

#define HELPER	    BANGER_BUILD_DIR "/core/release/unpack"
#define FAKE_HELPER BANGER_BUILD_DIR "/tests/support/fake_unpack"

/* Twice a write-back's distance, so that content crosses blocks of every layer. */
#define LARGE ((size_t)17 * MIB + 333)

static const char *const two_names[] = {"bangerd", "banger"};

struct world {
	struct scratch scratch;
	char *staging;
	struct bytes tar;
	struct unpack_options options;
};

static int open_program(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0, "%s is not built", path);
	return fd;
}

static struct world *world_make(void)
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

static void world_free(struct world *world)
{
	(void)close(world->options.helper_fd);
	free(world->staging);
	free(world->tar.data);
	scratch_remove(&world->scratch);
	free(world);
}

/* The bytes as release_download() would hand them over. */
static struct verified verified_make(const void *bytes, size_t length)
{
	struct verified verified = {memfd_create("archive", MFD_CLOEXEC), length};
	struct error err;

	cr_assert_geq(verified.fd, 0);
	cr_assert_eq(file_write(verified.fd, "archive", bytes, length, &err), 0);
	return verified;
}

static int unpack(const struct world *world, const struct bytes *compressed,
		  struct staged_list *list, struct error *err)
{
	struct verified verified = verified_make(compressed->data, compressed->length);
	int rc = release_unpack(&world->options, &verified, list, err);

	verified_finish(&verified);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a process was left");
	cr_assert_eq(errno, ECHILD);
	return rc;
}

static void refuse_bytes(const struct world *world, const struct bytes *compressed, int code,
			 const char *why)
{
	char *before = scratch_listing(world->scratch.path, "staging");
	struct staged_list list = {0};
	struct error err = {0};

	cr_assert_eq(unpack(world, compressed, &list, &err), code, "%s", err.text);
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

/* Refuses what was put into world->tar by now, and empties it. */
static void refuse(struct world *world, int code, const char *why)
{
	struct bytes compressed = tar_compress(&world->tar, "zst", NULL);

	refuse_bytes(world, &compressed, code, why);
	free(compressed.data);
	world->tar.length = 0;
}

static void add_text(struct world *world, const char *name, const char *text)
{
	tar_add_file(&world->tar, name, text, strlen(text));
}

static void add_good(struct world *world)
{
	add_text(world, "bangerd", "the daemon");
	add_text(world, "banger", "the command");
}

static void expect_staged(const struct world *world, const struct staged *staged, const char *name,
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

/* Accepts the archive, in which both artifacts are as add_good() writes them. */
static void accept_bytes(struct world *world, const struct bytes *compressed)
{
	struct staged_list list = {0};
	struct error err = {0};

	cr_assert_eq(unpack(world, compressed, &list, &err), 0, "%s", err.text);
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

static void accept(struct world *world, const char *suffix, const char *level)
{
	struct bytes compressed = tar_compress(&world->tar, suffix, level);

	accept_bytes(world, &compressed);
	free(compressed.data);
}

static char *pattern(size_t length)
{
	char *bytes = malloc(length);
	uint32_t state = 1;

	cr_assert_not_null(bytes);
	for (size_t i = 0; i < length; i++) {
		/* Half noise, half zeros: neither incompressible nor trivial. */
		state = state * 1664525u + 1013904223u;
		bytes[i] = (char)((i & 4096) != 0 ? 0 : state >> 24);
	}
	return bytes;
}

Test(unpack, writes_each_artifact_bit_for_bit_and_executable)
{
	static const char *const suffixes[] = {"zst", "gz", "xz"};
	char *bytes = pattern(LARGE);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct world *world = world_make();
		struct staged_list list = {0};
		struct error err = {0};

		/* In another order than asked for. */
		add_text(world, "banger", "x");
		tar_add_file(&world->tar, "bangerd", bytes, LARGE);
		tar_add_end(&world->tar);
		struct bytes compressed = tar_compress(&world->tar, suffixes[i], "1");

		cr_assert_eq(unpack(world, &compressed, &list, &err), 0, "%s: %s", suffixes[i],
			     err.text);
		expect_staged(world, &list.items[0], "bangerd", bytes, LARGE);
		expect_staged(world, &list.items[1], "banger", "x", 1);
		staged_list_finish(&list);
		free(compressed.data);
		world_free(world);
	}
	free(bytes);
}

Test(unpack, takes_the_strongest_compression_of_gzip_and_xz)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	accept(world, "xz", "9"); /* a window of 64 MiB */
	accept(world, "gz", "9");
	accept(world, "zst", "19");
	world_free(world);
}

Test(unpack, leaves_files_that_can_be_executed_at_once)
{
	struct world *world = world_make();
	struct bytes compressed;
	struct staged_list list = {0};
	struct error err = {0};

	add_text(world, "bangerd", "#!/bin/sh\nexit 7\n");
	add_text(world, "banger", "x");
	tar_add_end(&world->tar);
	compressed = tar_compress(&world->tar, "gz", NULL);
	cr_assert_eq(unpack(world, &compressed, &list, &err), 0, "%s", err.text);
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl(list.items[0].path, "bangerd", (char *)NULL);
		_exit(1);
	}
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), 7);
	staged_list_finish(&list);
	free(compressed.data);
	world_free(world);
}

/* As an archiver writes it, in libarchive's own formats and with everything that is ignored. */
static struct bytes archive_by_library(int (*set_format)(struct archive *), const char *prefix)
{
	static const struct {
		const char *name;
		const char *text;
	} files[] = {{"bangerd", "the daemon"}, {"banger", "the command"}};
	static char room[1u << 20];
	size_t used = 0;
	struct archive *out = archive_write_new();
	struct bytes bytes = {0};

	cr_assert_eq(set_format(out), ARCHIVE_OK);
	cr_assert_eq(archive_write_add_filter_gzip(out), ARCHIVE_OK);
	cr_assert_eq(archive_write_open_memory(out, room, sizeof(room), &used), ARCHIVE_OK);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct archive_entry *entry = archive_entry_new();
		char name[64];

		(void)snprintf(name, sizeof(name), "%s%s", prefix, files[i].name);
		archive_entry_set_pathname(entry, name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 06777);
		archive_entry_set_size(entry, (la_int64_t)strlen(files[i].text));
		archive_entry_set_mtime(entry, 1700000000, 123456789);
		archive_entry_set_uid(entry, 65000);
		archive_entry_set_uname(entry, "nobody-here");
		archive_entry_xattr_add_entry(entry, "user.note", "x", 1);
		cr_assert_geq(archive_write_header(out, entry), ARCHIVE_WARN);
		cr_assert_eq(archive_write_data(out, files[i].text, strlen(files[i].text)),
			     (la_ssize_t)strlen(files[i].text));
		archive_entry_free(entry);
	}
	cr_assert_eq(archive_write_close(out), ARCHIVE_OK);
	(void)archive_write_free(out);
	bytes_add(&bytes, room, used);
	return bytes;
}

Test(unpack, reads_what_ordinary_archivers_write)
{
	static int (*const formats[])(struct archive *) = {archive_write_set_format_ustar,
							   archive_write_set_format_pax,
							   archive_write_set_format_pax_restricted,
							   archive_write_set_format_gnutar,
							   archive_write_set_format_v7tar};
	struct world *world = world_make();

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct bytes plain = archive_by_library(formats[i], "");
		struct bytes dotted = archive_by_library(formats[i], "./");

		accept_bytes(world, &plain);
		accept_bytes(world, &dotted);
		free(plain.data);
		free(dotted.data);
	}
	world_free(world);
}

Test(unpack, accepts_the_directory_itself_once)
{
	struct world *world = world_make();

	tar_add_header(&world->tar, &(struct tar_header){.name = "./", .type = '5'});
	add_text(world, "./bangerd", "the daemon");
	add_text(world, "./banger", "the command");
	tar_add_end(&world->tar);
	accept(world, "gz", NULL);
	world->tar.length = 0;
	tar_add_header(&world->tar, &(struct tar_header){.name = "./", .type = '5'});
	tar_add_header(&world->tar, &(struct tar_header){.name = ".", .type = '5'});
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "none of the artifacts");
	world_free(world);
}

Test(unpack, ignores_modes_and_owners)
{
	struct world *world = world_make();

	tar_add_header(&world->tar, &(struct tar_header){.name = "bangerd",
							 .mode = 06777,
							 .size = 10,
							 .user = "M\xc3\xbcller"});
	tar_add_content(&world->tar, "the daemon", 10);
	tar_add_pax(&world->tar, "uname", "M\xc3\xbcller");
	tar_add_header(&world->tar, &(struct tar_header){.name = "banger", .mode = 01, .size = 11});
	tar_add_content(&world->tar, "the command", 11);
	tar_add_end(&world->tar);
	accept(world, "zst", NULL);
	world_free(world);
}

Test(unpack, ignores_capabilities_and_other_attributes)
{
	struct world *world = world_make();
	struct bytes records = {0};

	/* cap_setuid=ep, as base64 of struct vfs_cap_data */
	pax_add(&records, "LIBARCHIVE.xattr.security.capability", "AQAAAoAAAAAAAAAAAAAAAAAAAAA=");
	pax_add(&records, "SCHILY.xattr.security.capability", "raw");
	pax_add(&records, "SCHILY.acl.access", "user::rwx,group::rwx,other::rwx");
	tar_add_extended(&world->tar, &records);
	add_good(world);
	tar_add_end(&world->tar);
	accept(world, "zst", NULL);
	world_free(world);
}

/* Names that are not an artifact's, and what libarchive makes of them. */
static const char *const foreign_names[] = {
	"../bangerd", "/bangerd",    "/etc/passwd", "a/../bangerd", "bangerd/", "bangerd/x",
	"//bangerd",  "./../banger", "././bangerd", "Bangerd",	    "bangerd ", "-rf",
	"..",	      "...",	     "bangerd\n",   "\x1b[2J",	    "\xff\xfe", "extra",
};

Test(unpack, refuses_every_name_that_is_not_expected)
{
	struct world *world = world_make();

	for (size_t i = 0; i < sizeof(foreign_names) / sizeof(foreign_names[0]); i++) {
		add_good(world);
		add_text(world, foreign_names[i], "evil");
		tar_add_end(&world->tar);
		refuse(world, -EBADMSG, "which is none of the artifacts");
		add_text(world, foreign_names[i], "evil");
		add_good(world);
		tar_add_end(&world->tar);
		refuse(world, -EBADMSG, "which is none of the artifacts");
	}
	world_free(world);
}

static const struct {
	char type;
	const char *link;
	const char *why;
} foreign_types[] = {
	{'1', "bangerd", "a hard link"},  {'1', "/etc/shadow", "a hard link"},
	{'2', "/etc/shadow", "symbolic"}, {'2', "bangerd", "symbolic"},
	{'3', NULL, "a device"},	  {'4', NULL, "a device"},
	{'5', NULL, "a directory"},	  {'6', NULL, "a FIFO"},
};

Test(unpack, refuses_everything_but_regular_files)
{
	struct world *world = world_make();

	for (size_t i = 0; i < sizeof(foreign_types) / sizeof(foreign_types[0]); i++) {
		add_text(world, "bangerd", "the daemon");
		tar_add_header(&world->tar, &(struct tar_header){.name = "banger",
								 .type = foreign_types[i].type,
								 .link = foreign_types[i].link});
		tar_add_end(&world->tar);
		refuse(world, -EBADMSG, foreign_types[i].why);
	}
	world_free(world);
}

Test(unpack, refuses_duplicate_missing_and_empty_artifacts)
{
	struct world *world = world_make();

	add_good(world);
	add_text(world, "bangerd", "another");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'bangerd' twice");
	add_good(world);
	add_text(world, "./banger", "another");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'./banger' twice");
	add_text(world, "banger", "the command");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'bangerd' is missing");
	add_text(world, "bangerd", "");
	add_text(world, "banger", "the command");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "is empty");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "not");
	world_free(world);
}

Test(unpack, judges_the_name_that_extended_headers_give)
{
	struct world *world = world_make();

	tar_add_pax(&world->tar, "path", "../../etc/passwd");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'../../etc/passwd'");
	tar_add_pax(&world->tar, "path", "banger");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'banger' twice");
	tar_add_pax(&world->tar, "linkpath", "/etc/shadow");
	add_good(world);
	tar_add_end(&world->tar);
	accept(world, "gz", NULL);
	world->tar.length = 0;
	/* GNU long name. */
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "././@LongLink", .type = 'L', .size = 6});
	tar_add_content(&world->tar, "evil1", 6);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'evil1'");
	world_free(world);
}

Test(unpack, refuses_names_of_thousands_of_characters)
{
	struct world *world = world_make();
	char *name = calloc(1, 9000);

	memset(name, 'a', 8999);
	tar_add_pax(&world->tar, "path", name);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "none of the artifacts");
	free(name);
	world_free(world);
}

Test(unpack, refuses_sparse_files)
{
	struct world *world = world_make();
	struct bytes records = {0};

	tar_add_pax(&world->tar, "GNU.sparse.size", "1125899906842624");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EFBIG, "allowed");
	pax_add(&records, "GNU.sparse.size", "10");
	pax_add(&records, "GNU.sparse.map", "0,4,8,2");
	tar_add_extended(&world->tar, &records);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "a sparse file");
	world_free(world);
}

Test(unpack, refuses_sizes_that_lie)
{
	struct world *world = world_make();

	tar_add_pax(&world->tar, "size", "9223372036854775807");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "overflow");
	tar_add_pax(&world->tar, "size", "1099511627776");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EFBIG, "allowed");
	tar_add_pax(&world->tar, "size", "-1");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	/* The rest of the archive would be taken as content. */
	tar_add_pax(&world->tar, "size", "1000000");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

Test(unpack, refuses_more_bytes_than_allowed)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	world->options.maximum = 21;
	accept(world, "zst", NULL);
	world->options.maximum = 20;
	refuse(world, -EFBIG, "20 bytes");
	world_free(world);
}

/* Compresses to some kilobytes and would decompress to a gibibyte. */
static struct bytes bomb(size_t mebibytes)
{
	struct bytes tar = {0};
	struct bytes compressed;

	bytes_add_zeros(&tar, mebibytes * MIB);
	compressed = tar_compress(&tar, "zst", "3");
	free(tar.data);
	return compressed;
}

Test(unpack, stops_bombs_at_the_maximum)
{
	struct world *world = world_make();
	struct bytes zeros = bomb(64);

	/* As an archive of zeros it ends at once, and the rest may not go on for ever. */
	refuse_bytes(world, &zeros, -EFBIG, "decompresses to more than");
	free(zeros.data);
	/* Behind the artifacts. */
	world->options.maximum = 1u * MIB;
	add_good(world);
	bytes_add_zeros(&world->tar, 16u * MIB);
	refuse(world, -EFBIG, "decompresses to more than");
	/* Within an extended header. */
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "x", .type = 'x', .size = 12u * MIB});
	bytes_add_zeros(&world->tar, 12u * MIB);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

/* The archive as one frame of zstd that asks for a window of 2^log bytes (RFC 8878 section 3.1.1),
 * stored in one raw block. */
static struct bytes zstd_frame(const struct bytes *tar, unsigned log)
{
	uint32_t block = (uint32_t)tar->length << 3 | 1u;
	unsigned char head[] = {0x28,
				0xb5,
				0x2f,
				0xfd,
				0,
				(unsigned char)((log - 10) << 3),
				(unsigned char)block,
				(unsigned char)(block >> 8),
				(unsigned char)(block >> 16)};
	struct bytes frame = {0};

	bytes_add(&frame, head, sizeof(head));
	bytes_add(&frame, tar->data, tar->length);
	return frame;
}

Test(unpack, refuses_windows_beyond_its_memory)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	struct bytes modest = zstd_frame(&world->tar, 23); /* zstd -19 */
	struct bytes large = zstd_frame(&world->tar, 27);  /* zstd --ultra -22 */
	struct bytes absurd = zstd_frame(&world->tar, 41);

	accept_bytes(world, &modest);
	refuse_bytes(world, &absurd, -EBADMSG, "memory");
	if (!CONFINE_IS_PARTIAL) {
		refuse_bytes(world, &large, -EBADMSG, "memory");
	}
	free(modest.data);
	free(large.data);
	free(absurd.data);
	world_free(world);
}

Test(unpack, refuses_truncation_at_every_place)
{
	static const char *const suffixes[] = {"zst", "gz", "xz"};
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct bytes compressed = tar_compress(&world->tar, suffixes[i], NULL);
		size_t length = compressed.length;

		for (size_t cut = 1; cut < length; cut += cut < 24 ? 4 : length / 8) {
			compressed.length = length - cut;
			refuse_bytes(world, &compressed, -EBADMSG, "decompressed");
		}
		free(compressed.data);
	}
	world_free(world);
}

Test(unpack, refuses_an_archive_without_its_end)
{
	struct world *world = world_make();

	add_good(world);
	refuse(world, -EBADMSG, "two empty blocks");
	add_good(world);
	bytes_add_zeros(&world->tar, 512);
	refuse(world, -EBADMSG, "two empty blocks");
	add_good(world);
	world->tar.length -= 600;
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

Test(unpack, refuses_whatever_follows_the_end)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	bytes_add(&world->tar, "x", 1);
	refuse(world, -EBADMSG, "follows the end");
	/* Far behind it, as one archive after the other. */
	add_good(world);
	bytes_add_zeros(&world->tar, 20u * KIB);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "follows the end");
	/* One empty block, then more. */
	add_good(world);
	bytes_add_zeros(&world->tar, 512);
	add_text(world, "extra", "evil");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "follows the end");
	/* Padding to an archiver's record size is fine. */
	add_good(world);
	bytes_add_zeros(&world->tar, 20u * KIB);
	accept(world, "xz", NULL);
	world_free(world);
}

Test(unpack, refuses_whatever_follows_the_compression)
{
	static const char *const suffixes[] = {"zst", "gz", "xz"};
	static const char *const trailers[] = {"x", "trailing garbage", "PK\003\004"};
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		for (size_t j = 0; j < sizeof(trailers) / sizeof(trailers[0]); j++) {
			struct bytes compressed = tar_compress(&world->tar, suffixes[i], NULL);

			bytes_add(&compressed, trailers[j], strlen(trailers[j]));
			refuse_bytes(world, &compressed, -EBADMSG, "");
			free(compressed.data);
		}
		struct bytes once = tar_compress(&world->tar, suffixes[i], NULL);
		struct bytes twice = {0};

		bytes_add(&twice, once.data, once.length);
		bytes_add(&twice, once.data, once.length);
		refuse_bytes(world, &twice, -EBADMSG, "follows the end");
		free(twice.data);
		free(once.data);
	}
	world_free(world);
}

Test(unpack, reads_an_archive_compressed_in_several_frames)
{
	static const char *const suffixes[] = {"zst", "gz", "xz"};
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct bytes head = {world->tar.data, 700};
		struct bytes tail = {world->tar.data + 700, world->tar.length - 700};
		struct bytes first = tar_compress(&head, suffixes[i], NULL);
		struct bytes second = tar_compress(&tail, suffixes[i], NULL);

		bytes_add(&first, second.data, second.length);
		accept_bytes(world, &first);
		free(first.data);
		free(second.data);
	}
	world_free(world);
}

Test(unpack, refuses_a_bad_checksum)
{
	struct world *world = world_make();

	add_text(world, "bangerd", "the daemon");
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "banger", .size = 11, .bad_checksum = true});
	tar_add_content(&world->tar, "the command", 11);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

Test(unpack, refuses_what_is_not_compressed_exactly_once)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	struct bytes once = tar_compress(&world->tar, "gz", NULL);
	struct bytes twice = tar_compress(&once, "zst", NULL);

	refuse_bytes(world, &world->tar, -EBADMSG, "not compressed once");
	refuse_bytes(world, &twice, -EBADMSG, "not compressed once");
	free(once.data);
	free(twice.data);
	world_free(world);
}

Test(unpack, refuses_other_formats)
{
	static const char *const texts[] = {
		"PK\003\004 a zip, perhaps",
		"!<arch>\n",
		"070701 a cpio, perhaps",
		"#mtree\n./bangerd type=file contents=/etc/shadow\n",
		"text",
	};
	struct world *world = world_make();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bytes_add(&world->tar, texts[i], strlen(texts[i]));
		bytes_add_zeros(&world->tar, 4096);
		refuse(world, -EBADMSG, "tar archive");
	}
	world_free(world);
}

Test(unpack, changes_no_file_that_was_there_before)
{
	struct world *world = world_make();
	char *theirs = scratch_path(&world->scratch, "staging/banger");
	struct staged_list list = {0};
	struct error err = {0};

	scratch_write(theirs, "somebody else's");
	char *before = scratch_listing(world->staging, NULL);

	add_good(world);
	tar_add_end(&world->tar);
	struct bytes compressed = tar_compress(&world->tar, "gz", NULL);

	cr_assert_eq(unpack(world, &compressed, &list, &err), -EEXIST);
	cr_assert(strstr(err.text, theirs) != NULL, "%s", err.text);
	char *after = scratch_listing(world->staging, NULL);
	char *content = scratch_read(theirs);

	cr_assert_str_eq(content, "somebody else's");
	free(content);
	free(before);
	free(after);
	free(theirs);
	free(compressed.data);
	world_free(world);
}

Test(unpack, refuses_names_and_places_that_cannot_be)
{
	static const char *const bad[] = {"", ".", "..", "../x", "a/b", "/etc/passwd"};
	struct world *world = world_make();
	struct bytes nothing = {0};

	bytes_add(&nothing, "x", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *names[] = {"good", bad[i]};

		world->options.names = names;
		refuse_bytes(world, &nothing, -EINVAL, "cannot be an artifact's name");
	}
	world->options.names = two_names;
	world->options.name_count = 0;
	refuse_bytes(world, &nothing, -EINVAL, "0 artifacts");
	world->options.name_count = 2;
	world->options.directory = "/nonexistent/staging";
	refuse_bytes(world, &nothing, -ENOENT, "/nonexistent/staging");
	world->options.directory = HELPER;
	refuse_bytes(world, &nothing, -ENOTDIR, HELPER);
	free(nothing.data);
	world_free(world);
}

Test(unpack, takes_as_many_artifacts_as_there_may_be)
{
	struct world *world = world_make();
	const char *names[LIMIT_ARTIFACTS];
	char texts[LIMIT_ARTIFACTS][32];
	struct staged_list list = {0};
	struct error err = {0};

	for (size_t i = 0; i < LIMIT_ARTIFACTS; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "artifact-%zu", i);
		names[i] = texts[i];
		add_text(world, names[LIMIT_ARTIFACTS > i ? i : 0], texts[i]);
	}
	tar_add_end(&world->tar);
	world->options.names = names;
	world->options.name_count = LIMIT_ARTIFACTS;
	struct bytes compressed = tar_compress(&world->tar, "zst", NULL);

	cr_assert_eq(unpack(world, &compressed, &list, &err), 0, "%s", err.text);
	cr_assert_eq(list.count, LIMIT_ARTIFACTS);
	expect_staged(world, &list.items[200], "artifact-200", "artifact-200", 12);
	staged_list_finish(&list);
	free(compressed.data);
	world_free(world);
}

static const struct {
	const char *name;
	int code;
	const char *why;
} broken_helpers[] = {
	{"killed", -EIO, "killed by signal 9"},
	{"silent", -EPROTO, "without a report"},
	{"half-report", -EPROTO, "without a report"},
	{"other-build", -EPROTO, "not of this build"},
	{"nothing-written", -EPROTO, "wrote nothing"},
	{"failed-exit", -EIO, "exited with 1"},
	{"two-reports", -EPROTO, "without a report"},
	{"flood", -EPROTO, "not of this build"},
	{"colours", -EBADMSG, "?[31mred"},
	{"no-space", -ENOSPC, "cannot write"},
	{"new-failure", -EPROTO, "unknown failure"},
};

Test(unpack, believes_no_helper_that_misbehaves)
{
	struct world *world = world_make();
	struct bytes nothing = {0};

	bytes_add(&nothing, "x", 1);
	(void)close(world->options.helper_fd);
	world->options.helper_fd = open_program(FAKE_HELPER);
	world->options.name_count = 1;
	for (size_t i = 0; i < sizeof(broken_helpers) / sizeof(broken_helpers[0]); i++) {
		world->options.names = &broken_helpers[i].name;
		refuse_bytes(world, &nothing, broken_helpers[i].code, broken_helpers[i].why);
	}
	free(nothing.data);
	world_free(world);
}

Test(unpack, ends_a_helper_that_hangs, .timeout = 60)
{
	static const char *const names[] = {"hangs"};
	struct world *world = world_make();
	struct bytes nothing = {0};

	bytes_add(&nothing, "x", 1);
	(void)close(world->options.helper_fd);
	world->options.helper_fd = open_program(FAKE_HELPER);
	world->options.names = names;
	world->options.name_count = 1;
	world->options.timeout_ms = 50;
	refuse_bytes(world, &nothing, -ETIMEDOUT, "did not end within");
	free(nothing.data);
	world_free(world);
}

Test(unpack, says_when_the_helper_cannot_be_run)
{
	struct world *world = world_make();
	char *text = scratch_path(&world->scratch, "text");
	struct bytes nothing = {0};

	bytes_add(&nothing, "x", 1);
	scratch_write(text, "not a program");
	(void)close(world->options.helper_fd);
	world->options.helper_fd = -1;
	refuse_bytes(world, &nothing, -EBADF, "unpack helper");
	world->options.helper_fd = open_program(text);
	refuse_bytes(world, &nothing, -EACCES, "unpack");
	free(nothing.data);
	free(text);
	world_free(world);
}

Test(unpack, can_be_repeated_on_the_same_archive)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	struct bytes compressed = tar_compress(&world->tar, "gz", NULL);
	struct verified verified = verified_make(compressed.data, compressed.length);
	struct error err = {0};

	for (int round = 0; round < 2; round++) {
		struct staged_list list = {0};

		cr_assert_eq(release_unpack(&world->options, &verified, &list, &err), 0, "%s",
			     err.text);
		for (size_t i = 0; i < list.count; i++) {
			cr_assert_eq(unlink(list.items[i].path), 0);
		}
		staged_list_finish(&list);
	}
	verified_finish(&verified);
	free(compressed.data);
	world_free(world);
}
