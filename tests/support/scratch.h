/*
 * scratch.h - a directory of the test's own, and files in it, one call each. A failure in here
 * ends the test: it is the test's machine that is broken, not what it tests.
 */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct scratch {
	char path[64]; /* absolute, without symlinks */
};

struct scratch scratch_make(void); /* below /tmp */
struct scratch scratch_make_in(const char *parent);
void scratch_remove(struct scratch *scratch);

/* PATH/name, formatted like printf. The caller frees it. */
char *scratch_path(const struct scratch *scratch, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void scratch_write(const char *path, const char *text);
void scratch_write_bytes(const char *path, const void *bytes, size_t length, mode_t mode);
/* The whole file as a string that the caller frees. */
char *scratch_read(const char *path);
/* Replaces every from in the file, of which there has to be one. */
void scratch_replace(const char *path, const char *from, const char *to);
void scratch_directory(const char *path);
bool scratch_exists(const char *path);

/*
 * A listing of everything below path: name, type, mode, owner, inode, size, mtime in nanoseconds
 * and a hash of the content. Two equal listings: nothing was changed, not even touched. skip: a
 * name that is left out, with all below it; NULL for none. The caller frees it.
 */
char *scratch_listing(const char *path, const char *skip);

#endif
