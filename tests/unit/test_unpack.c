/*
 * test_unpack.c - exactly the artifacts come out of an archive, or nothing does: well-formed
 * archives, and everything around the helper that can go wrong.
 */
#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "unpack_case.h"

#define FAKE_HELPER BANGER_BUILD_DIR "/tests/support/fake_unpack"

/* Twice a write-back's distance, so that content crosses blocks of every layer. */
#define LARGE ((size_t)17 * MIB + 333)

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

		cr_assert_eq(world_unpack(world, &compressed, &list, &err), 0, "%s: %s",
			     suffixes[i], err.text);
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
	cr_assert_eq(world_unpack(world, &compressed, &list, &err), 0, "%s", err.text);
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

	cr_assert_eq(world_unpack(world, &compressed, &list, &err), -EEXIST);
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
	const char *const *good = world->options.names;
	struct bytes nothing = {0};

	bytes_add(&nothing, "x", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *names[] = {"good", bad[i]};

		world->options.names = names;
		refuse_bytes(world, &nothing, -EINVAL, "cannot be an artifact's name");
	}
	world->options.names = good;
	world->options.name_count = 0;
	refuse_bytes(world, &nothing, -EINVAL, "0 artifacts");
	world->options.name_count = 2;
	world->options.directory = "/nonexistent/staging";
	refuse_bytes(world, &nothing, -ENOENT, "/nonexistent/staging");
	world->options.directory = FAKE_HELPER;
	refuse_bytes(world, &nothing, -ENOTDIR, FAKE_HELPER);
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

	cr_assert_eq(world_unpack(world, &compressed, &list, &err), 0, "%s", err.text);
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
	{"forbidden-call", -EIO, "no right to"},
	{"silent", -EPROTO, "without a report"},
	{"half-report", -EPROTO, "without a report"},
	{"other-build", -EPROTO, "not of this build"},
	{"not-held", -EPROTO, "without a report"},
	{"unknown-hold", -EPROTO, "without a report"},
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
	refuse_bytes(world, &nothing, -EBADF, "cannot run unpack");
	world->options.helper_fd = open_program(text);
	refuse_bytes(world, &nothing, -EACCES, "cannot run unpack");
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
