/*
 * scratch.c - scratch.h: a place of the test's own.
 */
#include "support/scratch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"

#define must(condition)                                                                            \
	cr_assert((condition), "the test's own ground is broken at %s:%d", __FILE__, __LINE__)

struct scratch scratch_make_in(const char *parent)
{
	struct scratch scratch;
	int length = snprintf(scratch.path, sizeof(scratch.path), "%s/banger-test-XXXXXX", parent);

	must(length > 0 && (size_t)length < sizeof(scratch.path));
	must(mkdtemp(scratch.path) != NULL);
	return scratch;
}

struct scratch scratch_make(void)
{
	return scratch_make_in("/tmp");
}

void scratch_remove(struct scratch *scratch)
{
	struct error err;

	must(file_remove_tree(scratch->path, &err) == 0);
}

char *scratch_path(const struct scratch *scratch, const char *format, ...)
{
	char *name = NULL;
	char *path = NULL;
	va_list args;

	va_start(args, format);
	must(vasprintf(&name, format, args) >= 0);
	va_end(args);
	must(asprintf(&path, "%s/%s", scratch->path, name) >= 0);
	free(name);
	return path;
}

void scratch_write_bytes(const char *path, const void *bytes, size_t length, mode_t mode)
{
	struct error err;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0);
	must(file_write(fd, path, bytes, length, &err) == 0);
	must(fchmod(fd, mode) == 0);
	must(close(fd) == 0);
}

void scratch_write(const char *path, const char *text)
{
	scratch_write_bytes(path, text, strlen(text), 0644);
}

char *scratch_read(const char *path)
{
	struct buffer content = BUFFER_INIT(64u << 20);
	struct error err;

	must(file_read_path(path, &content, &err) == 0);
	return buffer_detach(&content);
}

void scratch_replace(const char *path, const char *from, const char *to)
{
	char *text = scratch_read(path);
	struct buffer changed = BUFFER_INIT(1u << 20);
	bool found = false;

	for (const char *at = text; *at != '\0';) {
		bool here = strncmp(at, from, strlen(from)) == 0;

		must(buffer_add(&changed, here ? to : at, here ? strlen(to) : 1) == 0);
		at += here ? strlen(from) : 1;
		found = found || here;
	}
	cr_assert(found, "%s is not in %s", from, path);
	scratch_write(path, buffer_text(&changed));
	buffer_finish(&changed);
	free(text);
}

void scratch_directory(const char *path)
{
	struct error err;

	must(file_make_directories(path, 0755, &err) == 0);
}

bool scratch_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void list(struct buffer *into, const char *base, const char *relative, const char *skip);

static void list_entry(struct buffer *into, const char *base, const char *relative,
		       const char *skip)
{
	char *path = path_join(base, relative);
	char hash[DIGEST_HEX_SIZE] = "-";
	struct digest digest;
	struct error err;
	struct stat st;

	must(lstat(path, &st) == 0);
	if (S_ISREG(st.st_mode) && digest_path(path, &digest, &err) == 0) {
		(void)digest_text(&digest, hash);
	}
	/* A directory's size and time change with harmless temporary names in it, and a pipe's when
	 * somebody speaks through it. */
	bool is_file = S_ISREG(st.st_mode);

	must(buffer_add_format(into, "%s %o %u:%u %ju %jd %jd.%09ld %s\n", relative, st.st_mode,
			       st.st_uid, st.st_gid, (uintmax_t)st.st_ino,
			       is_file ? (intmax_t)st.st_size : 0,
			       is_file ? (intmax_t)st.st_mtim.tv_sec : 0,
			       is_file ? st.st_mtim.tv_nsec : 0, hash) == 0);
	if (S_ISDIR(st.st_mode)) {
		list(into, base, relative, skip);
	}
	free(path);
}

static void list(struct buffer *into, const char *base, const char *relative, const char *skip)
{
	char *path = path_join(base, relative);
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort);

	must(count >= 0);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    (skip == NULL || strcmp(name, skip) != 0)) {
			char *below = path_join(relative, name);

			list_entry(into, base, below, skip);
			free(below);
		}
		free(entries[i]);
	}
	free(entries);
	free(path);
}

char *scratch_listing(const char *path, const char *skip)
{
	struct buffer text = BUFFER_INIT(16u << 20);

	list(&text, path, ".", skip);
	return buffer_detach(&text);
}
