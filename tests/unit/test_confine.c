/*
 * test_confine.c - what the unpack helper may still do while it reads an archive.
 *
 * Its artifact is a pipe that nobody empties: after the first byte it is known to be reading the
 * archive, and it stays where it is while it is looked at.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/process.h"
#include "release/unpack/confine.h"
#include "release/unpack/protocol.h"
#include "support/tar_builder.h"

#define HELPER BANGER_BUILD_DIR "/core/release/unpack"

/* More than any pipe holds. */
#define CONTENT ((size_t)4 * MIB)

struct world {
	struct process process;
	int output; /* our end of the artifact */
	int report;
};

static int archive_make(void)
{
	struct bytes tar = {0};
	char *content = calloc(1, CONTENT);
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct error err;

	cr_assert(content != NULL && fd >= 0);
	tar_add_file(&tar, "bangerd", content, CONTENT);
	tar_add_end(&tar);
	struct bytes compressed = tar_compress(&tar, "zst", NULL);

	cr_assert_eq(file_write(fd, "archive", compressed.data, compressed.length, &err), 0);
	free(compressed.data);
	free(tar.data);
	free(content);
	return fd;
}

/* Starts the helper and returns once it writes what it unpacked. */
static struct world world_make(void)
{
	static const char *const argv[] = {HELPER, "8000000", "bangerd", NULL};
	struct world world;
	struct error err = {0};
	int output[2];
	int report[2];
	int archive = archive_make();
	char byte = 0;

	cr_assert_eq(pipe2(output, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(report, O_CLOEXEC), 0);
	/* The last one was not asked for. */
	const struct process_fd fds[] = {{archive, UNPACK_FD_ARCHIVE},
					 {report[1], UNPACK_FD_REPORT},
					 {output[1], UNPACK_FD_FIRST},
					 {archive, UNPACK_FD_FIRST + 7}};
	struct process_options options = {.argv = argv, .fds = fds, .fd_count = 4};

	cr_assert_eq(process_spawn(&options, &world.process, &err), 0, "%s", err.text);
	(void)close(archive);
	(void)close(output[1]);
	(void)close(report[1]);
	world.output = output[0];
	world.report = report[0];
	cr_assert_eq(read(world.output, &byte, 1), 1, "the helper ended without writing");
	return world;
}

static void world_free(struct world *world)
{
	process_kill(&world->process);
	(void)close(world->output);
	(void)close(world->report);
}

static char *read_proc(const struct world *world, const char *name)
{
	struct buffer text = BUFFER_INIT(64u * KIB);
	struct error err = {0};
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)world->process.pid, name);
	cr_assert_eq(file_read_path(path, &text, &err), 0, "%s", err.text);
	return buffer_detach(&text);
}

static void expect_line(const char *text, const char *line)
{
	cr_assert(strstr(text, line) != NULL, "no '%s' in:\n%s", line, text);
}

Test(confine, gives_up_new_privileges_and_core_files, .timeout = 60)
{
	struct world world = world_make();
	char *status = read_proc(&world, "status");
	char *limits = read_proc(&world, "limits");

	expect_line(status, "NoNewPrivs:\t1\n");
	expect_line(limits, "Max core file size        0                    0 ");
	expect_line(limits, "Max file size             8000000              8000000 ");
	free(status);
	free(limits);
	world_free(&world);
}

Test(confine, leaves_no_memory_files_or_processes_to_take, .timeout = 60)
{
	if (CONFINE_IS_PARTIAL) {
		cr_skip_test("AddressSanitizer needs memory, /proc and a thread");
	}
	struct world world = world_make();
	char *limits = read_proc(&world, "limits");

	expect_line(limits, "Max data size             100663296            100663296 ");
	expect_line(limits, "Max open files            0                    0 ");
	expect_line(limits, "Max processes             0                    0 ");
	free(limits);
	world_free(&world);
}

Test(confine, drops_root_for_good, .timeout = 60)
{
	if (CONFINE_IS_PARTIAL || geteuid() != 0) {
		cr_skip_test("there is no root to drop, or AddressSanitizer keeps it");
	}
	struct world world = world_make();
	char *status = read_proc(&world, "status");

	expect_line(status, "Uid:\t65534\t65534\t65534\t65534\n");
	expect_line(status, "Gid:\t65534\t65534\t65534\t65534\n");
	expect_line(status, "Groups:\t \n");
	expect_line(status, "CapEff:\t0000000000000000\n");
	expect_line(status, "CapPrm:\t0000000000000000\n");
	free(status);
	world_free(&world);
}

Test(confine, closes_every_descriptor_it_does_not_need, .timeout = 60)
{
	struct world world = world_make();
	char path[64];
	int highest = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)world.process.pid);
	DIR *stream = opendir(path);

	if (stream == NULL) {
		world_free(&world);
		cr_skip_test("the helper's descriptors cannot be looked at as this user");
	}
	for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		int number = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);

		highest = number > highest ? number : highest;
	}
	(void)closedir(stream);
	cr_assert_eq(highest, UNPACK_FD_FIRST);
	world_free(&world);
}
