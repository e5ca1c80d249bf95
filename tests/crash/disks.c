/*
 * disks.c - disks.h.
 */
#include "crash/disks.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "crash/loop.h"
#include "flow/world_parts.h"

#define FILLER "filler"

const char *disks_missing(const char *type)
{
	const char *why = loop_missing(type);

	return why != NULL ? why : loop_own_mounts();
}

static void mount_disk(const struct disks *disks, const struct disk *disk)
{
	loop_mount(disks->type, disk->image, disk->where);
}

static void unmount_disk(const struct disk *disk)
{
	loop_unmount(disk->image, disk->where);
}

static void bind(const struct disks *disks, const char *name)
{
	char *from = path_join(disks->items[0].where, name);
	char *to = path_join(disks->ground->world.scratch.path, name);

	must(mount(from, to, NULL, MS_BIND, NULL) == 0);
	free(from);
	free(to);
}

static void unbind(const struct disks *disks, const char *name)
{
	char *path = path_join(disks->ground->world.scratch.path, name);

	loop_let_go(path);
	free(path);
}

static void mount_all(const struct disks *disks)
{
	for (size_t i = 0; i < disks->count; i++) {
		mount_disk(disks, &disks->items[i]);
	}
	if (disks->layout == ONE_DISK) {
		bind(disks, "host");
		bind(disks, "state");
	}
}

static void unmount_all(const struct disks *disks)
{
	if (disks->layout == ONE_DISK) {
		unbind(disks, "host");
		unbind(disks, "state");
	}
	for (size_t i = disks->count; i-- > 0;) {
		unmount_disk(&disks->items[i]);
	}
}

static void copy_sparse(const char *from, const char *to)
{
	run_or_fail((const char *const[]){"/bin/cp", "--sparse=always", from, to, NULL});
}

/* ---- made once ------------------------------------------------------------------------------- */

static void make_disk(struct disks *disks, const char *where, const char *from)
{
	struct disk *disk = &disks->items[disks->count];
	struct scratch store = {0};
	char *content = NULL;

	(void)snprintf(store.path, sizeof(store.path), "%s", disks->store);
	disk->where = strdup(where);
	disk->image = scratch_path(&store, "image-%zu", disks->count);
	disk->prepared = scratch_path(&store, "prepared-%zu", disks->count);
	disks->count++;
	loop_make(disks->type, NULL, disk->image);
	scratch_directory(where);
	mount_disk(disks, disk);
	must(asprintf(&content, "%s/.", from) > 0);
	run_or_fail((const char *const[]){"/bin/cp", "-a", "--", content, where, NULL});
	free(content);
	unmount_disk(disk);
	copy_sparse(disk->image, disk->prepared);
}

static void make_one(struct disks *disks)
{
	char *where = scratch_path(&disks->ground->world.scratch, "disk");

	make_disk(disks, where, disks->ground->saved);
	free(where);
}

static void make_three(struct disks *disks)
{
	static const char *const names[] = {"host/bin", "host/lib", "state"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *where = path_join(disks->ground->world.scratch.path, names[i]);
		char *from = path_join(disks->ground->saved, names[i]);

		make_disk(disks, where, from);
		free(where);
		free(from);
	}
}

/* What cut does to a disk, or a copy of it as it is. */
static void add_cut(const struct disks *disks, size_t index, struct buffer *body)
{
	const struct disk *disk = &disks->items[index];
	bool loses = disks->loser == DISKS_MAX || disks->loser == index;
	int rc = disks->cut == CUT_COPY
			 ? buffer_add_format(body, "cp --sparse=always %s %s.cut || exit\n",
					     disk->image, disk->image)
			 : buffer_add_format(body, " %d %s", loses ? (int)disks->cut : 0,
					     disk->where);

	must(rc == 0);
}

/* A script, since whoever runs it gives no arguments. */
static void make_cutter(struct disks *disks)
{
	struct buffer body = BUFFER_INIT(8192);

	if (disks->cut != CUT_COPY) {
		must(buffer_add_format(&body, "exec %s", LOOP_CUT) == 0);
	}
	for (size_t i = 0; i < disks->count; i++) {
		add_cut(disks, i, &body);
	}
	free(disks->cutter);
	disks->cutter = world_script(&disks->ground->world, "cutter", "%s", buffer_text(&body));
	buffer_finish(&body);
}

void disks_choose(struct disks *disks, size_t loser)
{
	if (disks->loser != loser) {
		disks->loser = loser;
		make_cutter(disks);
	}
}

void disks_make(struct disks *disks, struct ground *ground, const char *type, enum layout layout,
		enum cut cut)
{
	struct scratch store = scratch_make_in("/dev/shm");

	*disks = (struct disks){.ground = ground,
				.type = type,
				.layout = layout,
				.cut = cut,
				.loser = DISKS_MAX,
				.store = strdup(store.path)};
	ground_quiet(ground);
	if (layout == ONE_DISK) {
		make_one(disks);
	} else {
		make_three(disks);
	}
	make_cutter(disks);
	mount_all(disks);
	ground->disks = disks;
}

void disks_finish(struct disks *disks)
{
	struct scratch store = {0};

	if (disks->ground == NULL) {
		return;
	}
	ground_quiet(disks->ground);
	unmount_all(disks);
	disks->ground->disks = NULL;
	(void)snprintf(store.path, sizeof(store.path), "%s", disks->store);
	scratch_remove(&store);
	for (size_t i = 0; i < disks->count; i++) {
		free(disks->items[i].where);
		free(disks->items[i].image);
		free(disks->items[i].prepared);
	}
	free(disks->store);
	free(disks->cutter);
	*disks = (struct disks){0};
}

/* ---- for every point ------------------------------------------------------------------------- */

static void clear_run(const struct disks *disks)
{
	char *run = scratch_path(&disks->ground->world.scratch, "host/run");
	struct error err;

	must(file_remove_tree(run, &err) == 0);
	scratch_directory(run);
	free(run);
}

void disks_reset(struct disks *disks)
{
	unmount_all(disks);
	for (size_t i = 0; i < disks->count; i++) {
		copy_sparse(disks->items[i].prepared, disks->items[i].image);
	}
	mount_all(disks);
	clear_run(disks);
}

/* Full first: a file system keeps some of what it calls free for itself. */
void disks_fill(struct disks *disks, size_t index, unsigned long left)
{
	static const unsigned long steps[] = {1ul << 20, 1ul << 16, 1ul << 12};
	char *path = path_join(disks->items[index].where, FILLER);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	off_t end = 0;

	must(fd >= 0 && syncfs(fd) == 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		while (fallocate(fd, 0, end, (off_t)steps[i]) == 0) {
			end += (off_t)steps[i];
		}
	}
	must(end > (off_t)left && ftruncate(fd, end - (off_t)left) == 0 && close(fd) == 0);
	free(path);
}

void disks_empty(struct disks *disks, size_t index)
{
	char *path = path_join(disks->items[index].where, FILLER);

	must(unlink(path) == 0);
	free(path);
}

void disks_cut(struct disks *disks)
{
	run_or_fail((const char *const[]){disks->cutter, NULL});
}

void disks_boot(struct disks *disks)
{
	ground_quiet(disks->ground);
	unmount_all(disks);
	for (size_t i = 0; i < disks->count && disks->cut == CUT_COPY; i++) {
		char *copy = NULL;

		must(asprintf(&copy, "%s.cut", disks->items[i].image) > 0);
		must(rename(copy, disks->items[i].image) == 0);
		free(copy);
	}
	mount_all(disks);
	clear_run(disks);
}
