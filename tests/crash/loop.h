/*
 * loop.h - a file system in an image, on a loop device: made, mounted, and let go of for good.
 *
 * Mounts belong to a mount namespace of the calling process alone, see loop_own_mounts(): another
 * namespace would keep a dead file system alive.
 */
#ifndef CRASH_LOOP_H
#define CRASH_LOOP_H

#define LOOP_CUT BANGER_BUILD_DIR "/tests/crash/cut" /* the program of cut.c */

/* Why this process cannot have such a file system ("ext4", "xfs", "btrfs"), or NULL. */
const char *loop_missing(const char *type);

/* From now on nobody else sees what this process mounts. Why that is not to be had, or NULL. */
const char *loop_own_mounts(void);

/* An empty one in a sparse file; size as truncate(1) takes it, NULL: the smallest there is. */
void loop_make(const char *type, const char *size, const char *image);

void loop_mount(const char *type, const char *image, const char *where);

/* Unmounts, and waits until no loop device has the image (or one whose name begins like it). */
void loop_unmount(const char *image, const char *where);

/* Unmounts what somebody who was killed a moment ago may still be using. */
void loop_let_go(const char *where);

#endif
