/*
 * test_unpack_threats.c - the known ways of an archive to do harm, one row each.
 *
 * The identifiers are those of a threat list that groups what has broken other unpackers: A1 names
 * that leave, A2 symbolic links, A3 hard links, A4 special files, A5 modes and attributes, A6
 * duplicates, A7 sizes that lie, A8 too much of something, A9 names that mislead, A10 archives
 * without a proper end. After each: refused with a reason, staging as empty as before, the canaries
 * around it untouched, no process left.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/limits.h"
#include "unpack_case.h"

/* An archive is written to world->tar; the one that has to be compressed in a special way also sets
 * *compressed. */
typedef void archive_maker(struct world *world, struct bytes *compressed);

struct threat {
	const char *id;
	archive_maker *make;
	int code;
	const char *why;
};

static void add_end(struct world *world)
{
	tar_add_end(&world->tar);
}

/* The good artifacts, and behind them a file of some name. */
static void add_stranger(struct world *world, const char *name)
{
	add_good(world);
	add_text(world, name, "evil");
	add_end(world);
}

/* … with a name that no header has room for, or that a plain header cannot say. */
static void add_pax_stranger(struct world *world, const char *key, const char *value)
{
	add_good(world);
	tar_add_pax(&world->tar, key, value);
	add_text(world, "extra", "evil");
	add_end(world);
}

/* "bangerd", and instead of "banger" something that is no file. */
static void add_special(struct world *world, char type, const char *link)
{
	add_text(world, "bangerd", "the daemon");
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "banger", .type = type, .link = link});
	add_end(world);
}

static void dotdot(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "../canary");
}

static void absolute(struct world *world, struct bytes *compressed)
{
	char *name = scratch_path(&world->scratch, "canary");

	(void)compressed;
	add_stranger(world, name);
	free(name);
}

static void inner_dotdot(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "bangerd/../../canary");
}

static void double_slash(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "//bangerd");
}

static void own_directory(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, ".");
}

static void empty_name(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "");
}

static void subdirectory(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "bin/bangerd");
}

static void symlink_outside(struct world *world, struct bytes *compressed)
{
	char *target = scratch_path(&world->scratch, "canary");

	(void)compressed;
	add_special(world, '2', target);
	free(target);
}

static void symlink_relative(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, '2', "../canary");
}

/* A link to the directory above, then a file "in" it. */
static void file_through_symlink(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_good(world);
	tar_add_header(&world->tar, &(struct tar_header){.name = "up", .type = '2', .link = ".."});
	add_text(world, "up/canary", "evil");
	add_end(world);
}

/* A link with an artifact's name, then the artifact, which would go where the link leads. */
static void final_symlink(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "banger", .type = '2', .link = "../canary"});
	add_good(world);
	add_end(world);
}

static void hardlink_outside(struct world *world, struct bytes *compressed)
{
	char *target = scratch_path(&world->scratch, "canary");

	(void)compressed;
	add_special(world, '1', target);
	free(target);
}

static void hardlink_inside(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, '1', "bangerd");
}

static void hardlink_to_symlink(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "bangerd", .type = '2', .link = "../canary"});
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "banger", .type = '1', .link = "bangerd"});
	add_end(world);
}

/* With content, as cpio and pax may write hard links. */
static void hardlink_with_content(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_text(world, "bangerd", "the daemon");
	tar_add_header(&world->tar, &(struct tar_header){.name = "banger",
							 .type = '1',
							 .link = "../canary",
							 .size = 4});
	tar_add_content(&world->tar, "evil", 4);
	add_end(world);
}

static void character_device(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, '3', NULL);
}

static void block_device(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, '4', NULL);
}

static void fifo(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, '6', NULL);
}

/* tar has no type for sockets; GNU's "D" (dump directory) and a made-up one stand for the rest. */
static void dump_directory(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, 'D', NULL);
}

static void volume_header(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, 'V', NULL);
}

static void open_directory(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_good(world);
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "open/", .type = '5', .mode = 01777});
	add_end(world);
}

static void duplicate(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "banger");
}

static void other_case(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "Banger");
}

static void file_then_directory(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_good(world);
	tar_add_header(&world->tar, &(struct tar_header){.name = "banger/", .type = '5'});
	add_end(world);
}

static void directory_then_file(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	tar_add_header(&world->tar, &(struct tar_header){.name = "banger", .type = '5'});
	add_good(world);
	add_end(world);
}

/* GNU.sparse 1.0: a pebibyte in some bytes. */
static void sparse(struct world *world, struct bytes *compressed)
{
	struct bytes records = {0};

	(void)compressed;
	pax_add(&records, "GNU.sparse.major", "1");
	pax_add(&records, "GNU.sparse.minor", "0");
	pax_add(&records, "GNU.sparse.realsize", "1125899906842624");
	tar_add_extended(&world->tar, &records);
	add_good(world);
	add_end(world);
}

static void old_sparse(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_special(world, 'S', NULL);
}

/* GNU.sparse.name gives another name than the header. */
static void sparse_name(struct world *world, struct bytes *compressed)
{
	struct bytes records = {0};

	(void)compressed;
	pax_add(&records, "GNU.sparse.major", "1");
	pax_add(&records, "GNU.sparse.minor", "0");
	pax_add(&records, "GNU.sparse.name", "../canary");
	pax_add(&records, "GNU.sparse.realsize", "10");
	tar_add_extended(&world->tar, &records);
	add_good(world);
	add_end(world);
}

static void pax_size(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	tar_add_pax(&world->tar, "size", "1125899906842624");
	add_good(world);
	add_end(world);
}

/* The header says little, the extended header half a megabyte: readers disagree on what follows. */
static void pax_size_over_header(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	tar_add_pax(&world->tar, "size", "524288");
	add_good(world);
	add_end(world);
}

/* A mebibyte that decompresses to a gibibyte: many members of a mebibyte each. */
static void gzip_bomb(struct world *world, struct bytes *compressed)
{
	struct bytes zeros = {0};

	add_good(world);
	add_end(world);
	*compressed = tar_compress(&world->tar, "gz", NULL);
	bytes_add_zeros(&zeros, MIB);
	struct bytes member = tar_compress(&zeros, "gz", "9");

	for (size_t i = 0; i < KIB; i++) {
		bytes_add(compressed, member.data, member.length);
	}
	free(member.data);
	free(zeros.data);
}

static void large_pax_header(struct world *world, struct bytes *compressed)
{
	struct bytes records = {0};
	char *value = calloc(1, 8u * MIB + 1);

	(void)compressed;
	memset(value, 'x', 8u * MIB);
	pax_add(&records, "comment", value);
	tar_add_extended(&world->tar, &records);
	add_good(world);
	add_end(world);
	free(value);
}

static void many_entries(struct world *world, struct bytes *compressed)
{
	struct bytes one = {0};
	size_t count = 100000;

	tar_add_header(&one, &(struct tar_header){.name = "./", .type = '5'});
	/* At once: growing piece by piece would copy it all each time under AddressSanitizer. */
	bytes_add_zeros(&world->tar, count * one.length);
	for (size_t i = 0; i < count; i++) {
		memcpy(world->tar.data + i * one.length, one.data, one.length);
	}
	free(one.data);
	add_good(world);
	add_end(world);
	*compressed = tar_compress(&world->tar, "zst", "1");
}

/* Each of them is read before the one it is about. */
static void many_extended_headers(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	for (size_t i = 0; i < 2000; i++) {
		tar_add_pax(&world->tar, "comment", "and another");
	}
	add_good(world);
	add_end(world);
}

static void many_global_headers(struct world *world, struct bytes *compressed)
{
	struct bytes record = {0};

	(void)compressed;
	pax_add(&record, "comment", "and another");
	for (size_t i = 0; i < 2000; i++) {
		tar_add_header(&world->tar, &(struct tar_header){.name = "g",
								 .type = 'g',
								 .size = record.length});
		tar_add_content(&world->tar, record.data, record.length);
	}
	free(record.data);
	add_good(world);
	add_end(world);
}

static void deep_path(struct world *world, struct bytes *compressed)
{
	char *name = calloc(1, 2 * 2000 + sizeof("canary"));

	(void)compressed;
	for (size_t i = 0; i < 2000; i++) {
		memcpy(name + 2 * i, "d/", 2);
	}
	strcpy(name + (size_t)2 * 2000, "canary");
	add_pax_stranger(world, "path", name);
	free(name);
}

static void long_name(struct world *world, struct bytes *compressed)
{
	char *name = calloc(1, 5001);

	(void)compressed;
	memset(name, 'n', 5000);
	add_pax_stranger(world, "path", name);
	free(name);
}

static void pax_path(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_pax_stranger(world, "path", "../canary");
}

/* The last of two counts for one reader, the first for another. */
static void pax_path_twice(struct world *world, struct bytes *compressed)
{
	struct bytes records = {0};

	(void)compressed;
	add_text(world, "bangerd", "the daemon");
	pax_add(&records, "path", "banger");
	pax_add(&records, "path", "../canary");
	tar_add_extended(&world->tar, &records);
	add_text(world, "banger", "the command");
	add_end(world);
}

static void pax_link(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	tar_add_pax(&world->tar, "linkpath", "../canary");
	add_special(world, '2', "harmless");
}

static void gnu_long_name(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_good(world);
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "././@LongLink", .type = 'L', .size = 10});
	tar_add_content(&world->tar, "../canary", 10);
	add_text(world, "extra", "evil");
	add_end(world);
}

/* What is behind the NUL would be lost on one side. */
static void nul_in_name(struct world *world, struct bytes *compressed)
{
	struct bytes records = {0};

	(void)compressed;
	add_good(world);
	bytes_add(&records, "18 path=bangerd\0x\n", 18);
	tar_add_extended(&world->tar, &records);
	add_text(world, "extra", "evil");
	add_end(world);
}

static void control_bytes(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "\033[2Jbanger");
}

static void line_end_in_name(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "banger\nok");
}

static void leading_dash(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "--checkpoint-action=exec=sh");
}

/* U+202E turns what follows around on a screen. */
static void bidi(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "banger\xe2\x80\xaegpj.exe");
}

/* Looks like "banger": its first letter is Cyrillic. */
static void lookalike(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_stranger(world, "b\xd0\xb0nger");
}

static void truncated(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_good(world);
	world->tar.length -= 512;
}

static void truncated_compression(struct world *world, struct bytes *compressed)
{
	add_good(world);
	add_end(world);
	*compressed = tar_compress(&world->tar, "xz", NULL);
	compressed->length -= 30;
}

static void bad_checksum(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_text(world, "bangerd", "the daemon");
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "banger", .size = 4, .bad_checksum = true});
	tar_add_content(&world->tar, "evil", 4);
	add_end(world);
}

/* In the middle of what xz has a checksum for. */
static void bad_compression(struct world *world, struct bytes *compressed)
{
	add_good(world);
	add_end(world);
	*compressed = tar_compress(&world->tar, "xz", NULL);
	compressed->data[compressed->length / 2] ^= 1;
}

static void concatenated(struct world *world, struct bytes *compressed)
{
	(void)compressed;
	add_good(world);
	add_end(world);
	add_stranger(world, "extra");
}

static void trailing_garbage(struct world *world, struct bytes *compressed)
{
	add_good(world);
	add_end(world);
	*compressed = tar_compress(&world->tar, "zst", NULL);
	bytes_add(compressed, "#!/bin/sh\n", 10);
}

static const struct threat threats[] = {
	{"A1_dotdot", dotdot, -EBADMSG, "none of the artifacts"},
	{"A1_absolute", absolute, -EBADMSG, "none of the artifacts"},
	{"A1_inner_dotdot", inner_dotdot, -EBADMSG, "none of the artifacts"},
	{"A1_double_slash", double_slash, -EBADMSG, "none of the artifacts"},
	{"A1_own_directory", own_directory, -EBADMSG, "none of the artifacts"},
	{"A1_empty_name", empty_name, -EBADMSG, "holds ''"},
	{"A1_subdirectory", subdirectory, -EBADMSG, "none of the artifacts"},
	{"A2_symlink", symlink_outside, -EBADMSG, "a symbolic link"},
	{"A2_symlink_relative", symlink_relative, -EBADMSG, "a symbolic link"},
	{"A2_file_through_symlink", file_through_symlink, -EBADMSG, "none of the artifacts"},
	{"A2_final_symlink", final_symlink, -EBADMSG, "a symbolic link"},
	{"A3_hardlink", hardlink_outside, -EBADMSG, "a hard link"},
	{"A3_hardlink_inside", hardlink_inside, -EBADMSG, "a hard link"},
	{"A3_hardlink_to_symlink", hardlink_to_symlink, -EBADMSG, "a symbolic link"},
	{"A3_hardlink_with_content", hardlink_with_content, -EBADMSG, "a hard link"},
	{"A4_character_device", character_device, -EBADMSG, "a device"},
	{"A4_block_device", block_device, -EBADMSG, "a device"},
	{"A4_fifo", fifo, -EBADMSG, "a FIFO"},
	{"A4_dump_directory", dump_directory, -EBADMSG, "a directory"},
	{"A4_volume_header", volume_header, -EBADMSG, "follows the end"},
	{"A5_directory_mode", open_directory, -EBADMSG, "none of the artifacts"},
	{"A6_duplicate", duplicate, -EBADMSG, "twice"},
	{"A6_case", other_case, -EBADMSG, "none of the artifacts"},
	{"A6_file_then_directory", file_then_directory, -EBADMSG, "none of the artifacts"},
	{"A6_directory_then_file", directory_then_file, -EBADMSG, "a directory"},
	{"A7_sparse", sparse, -EBADMSG, "tar archive"},
	{"A7_old_sparse", old_sparse, -EBADMSG, "is empty"},
	{"A7_sparse_name", sparse_name, -EBADMSG, "tar archive"},
	{"A7_pax_size", pax_size, -EFBIG, "allowed"},
	{"A7_pax_size_over_header", pax_size_over_header, -EBADMSG, "tar archive"},
	{"A8_gzip_bomb", gzip_bomb, -EFBIG, "decompresses to more than"},
	{"A8_large_pax_header", large_pax_header, -EBADMSG, "tar archive"},
	{"A8_many_entries", many_entries, -EBADMSG, "none of the artifacts"},
	{"A8_many_extended_headers", many_extended_headers, -EBADMSG, "tar archive"},
	{"A8_many_global_headers", many_global_headers, -EBADMSG, "tar archive"},
	{"A8_deep_path", deep_path, -EBADMSG, "none of the artifacts"},
	{"A8_long_name", long_name, -EBADMSG, "none of the artifacts"},
	{"A9_pax_path", pax_path, -EBADMSG, "none of the artifacts"},
	{"A9_pax_path_twice", pax_path_twice, -EBADMSG, "none of the artifacts"},
	{"A9_pax_link", pax_link, -EBADMSG, "a symbolic link"},
	{"A9_gnu_long_name", gnu_long_name, -EBADMSG, "none of the artifacts"},
	{"A9_nul", nul_in_name, -EBADMSG, "twice"},
	{"A9_control_bytes", control_bytes, -EBADMSG, "'?[2Jbanger'"},
	{"A9_line_end", line_end_in_name, -EBADMSG, "'banger ok'"},
	{"A9_leading_dash", leading_dash, -EBADMSG, "none of the artifacts"},
	{"A9_bidi", bidi, -EBADMSG, "none of the artifacts"},
	{"A9_lookalike", lookalike, -EBADMSG, "none of the artifacts"},
	{"A10_truncated", truncated, -EBADMSG, "tar archive"},
	{"A10_truncated_compression", truncated_compression, -EBADMSG, "decompressed"},
	{"A10_bad_checksum", bad_checksum, -EBADMSG, "tar archive"},
	{"A10_bad_compression", bad_compression, -EBADMSG, "decompressed"},
	{"A10_concatenated", concatenated, -EBADMSG, "follows the end"},
	{"A10_trailing_garbage", trailing_garbage, -EBADMSG, "decompressed"},
};

static size_t count_entries(const char *directory)
{
	size_t count = 0;
	DIR *stream = opendir(directory);

	cr_assert_not_null(stream);
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	}
	(void)closedir(stream);
	return count;
}

static void face(const struct threat *threat)
{
	struct world *world = world_make();
	char *canary = scratch_path(&world->scratch, "canary");
	struct bytes compressed = {0};
	struct staged_list list = {0};
	struct error err = {0};

	scratch_write(canary, "alive");
	char *before = scratch_listing(world->scratch.path, "staging");

	threat->make(world, &compressed);
	if (compressed.data == NULL) {
		compressed = tar_compress(&world->tar, "zst", NULL);
	}
	int rc = world_unpack(world, &compressed, &list, &err);
	char *after = scratch_listing(world->scratch.path, "staging");

	cr_expect_eq(rc, threat->code, "%s: %d: %s", threat->id, rc, err.text);
	cr_expect(strstr(err.text, threat->why) != NULL, "%s: %s", threat->id, err.text);
	cr_expect_eq(list.count, 0, "%s", threat->id);
	cr_expect_eq(count_entries(world->staging), 0, "%s left something in staging", threat->id);
	cr_expect_str_eq(before, after, "%s changed what is outside", threat->id);
	staged_list_finish(&list);
	free(canary);
	free(before);
	free(after);
	free(compressed.data);
	world_free(world);
}

Test(threats, of_archives_are_all_refused)
{
	for (size_t i = 0; i < sizeof(threats) / sizeof(threats[0]); i++) {
		face(&threats[i]);
	}
}

/* A5: what an archive says about modes, owners and attributes is nobody's business; the files come
 * out as the updater makes them. */
Test(threats, A5_modes_owners_and_attributes_do_not_arrive)
{
	struct world *world = world_make();
	struct bytes records = {0};
	struct staged_list list = {0};
	struct error err = {0};

	pax_add(&records, "SCHILY.xattr.user.canary", "evil");
	pax_add(&records, "SCHILY.xattr.security.capability", "evil");
	pax_add(&records, "SCHILY.acl.access", "user::rwx,group::rwx,other::rwx");
	pax_add(&records, "SCHILY.fflags", "append");
	pax_add(&records, "uid", "12345");
	pax_add(&records, "mtime", "1");
	tar_add_extended(&world->tar, &records);
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "bangerd", .mode = 07777, .size = 10});
	tar_add_content(&world->tar, "the daemon", 10);
	add_text(world, "banger", "the command");
	add_end(world);
	struct bytes compressed = tar_compress(&world->tar, "zst", NULL);

	cr_assert_eq(world_unpack(world, &compressed, &list, &err), 0, "%s", err.text);
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;

		cr_assert_eq(lstat(list.items[i].path, &st), 0);
		cr_expect_eq(st.st_mode, S_IFREG | 0755u);
		cr_expect_eq(st.st_nlink, 1);
		cr_expect_eq(st.st_uid, geteuid());
		cr_expect_eq(llistxattr(list.items[i].path, NULL, 0), 0);
		cr_expect_neq(st.st_mtime, 1);
	}
	staged_list_finish(&list);
	free(compressed.data);
	world_free(world);
}
