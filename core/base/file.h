/*
 * file.h - reading, writing and syncing files.
 *
 * Descriptors are close-on-exec, final symlinks are not followed unless a function says so, and
 * every read has a maximum.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"

/* root + path, "/" between them once; a NULL or empty root gives a copy of path. NULL: no memory.
 */
MUST_CHECK char *path_join(const char *root, const char *path);

/* The part behind the last '/', inside path. */
const char *path_name(const char *path);

/* The part in front of the last '/' ("." when there is none, "/" for the root). NULL: no memory. */
MUST_CHECK char *path_directory(const char *path);

/* Opens an existing regular file for reading; a final symlink, a directory or a FIFO is an error.
 * Returns a descriptor or a negative errno value. */
MUST_CHECK int file_open(const char *path, struct error *err);

/* Appends all that is left in fd; -E2BIG when it does not fit. name is for the sentence. */
MUST_CHECK int file_read(int fd, const char *name, struct buffer *buffer, struct error *err);

/* file_open() and file_read() in one. */
MUST_CHECK int file_read_path(const char *path, struct buffer *buffer, struct error *err);

/* Writes all of it, through short writes and EINTR. */
MUST_CHECK int file_write(int fd, const char *name, const void *bytes, size_t length,
			  struct error *err);

/* Writes path anew: temporary beside it, fsync, rename, fsync of the directory. */
MUST_CHECK int file_replace(const char *path, const void *bytes, size_t length, mode_t mode,
			    struct error *err);

/* The same for one writer at a time: the temporary file is PATH.new, so that what a killed one left
 * goes with the next; what is as it should be is not written again. */
MUST_CHECK int file_replace_alone(const char *path, const void *bytes, size_t length, mode_t mode,
				  struct error *err);

/* Copies everything from from (offset 0) to to (offset 0): copy_file_range(2), else read and
 * write. The offsets of both descriptors are left anywhere. */
MUST_CHECK int file_copy(int from, int to, const char *name, struct error *err);

MUST_CHECK int file_sync(int fd, const char *name, struct error *err);
MUST_CHECK int file_sync_directory(const char *path, struct error *err);

/* fsync of the directory that holds path: makes a rename, link or unlink of path durable. */
MUST_CHECK int file_sync_parent(const char *path, struct error *err);

/* mkdir -p; the directories it makes get mode whatever the umask, the last one's parent is synced.
 * An existing last component that is not a directory is an error. */
MUST_CHECK int file_make_directories(const char *path, mode_t mode, struct error *err);

/* Removes path and everything below it, following no link and crossing no mount (-EXDEV). A missing
 * path is success; -ELOOP: deeper than 256 directories. */
MUST_CHECK int file_remove_tree(const char *path, struct error *err);

#endif
