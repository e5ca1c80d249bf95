/*
 * files.c - files.h: trust, bytes and drop-ins.
 */
#include "config/files.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/trust.h"
#include "config/reader.h"

/* Only root has something to lose by reading what others may write. */
static int check_trust(const char *path, struct error *err)
{
	char here[PATH_MAX] = "";
	auto_free char *absolute = NULL;

	if (geteuid() != 0) {
		return 0;
	}
	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL) {
		return error_set(err, -errno, "cannot tell where %s is: %s", path, strerror(errno));
	}
	absolute = path_join(here, path);
	if (absolute == NULL) {
		return error_no_memory(err);
	}
	return trust_check_chain(absolute, 0, err) < 0 ? error_prefix(err, "cannot read %s", path)
						       : 0;
}

static int check_directories(const struct sources *sources, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < sources->directories.count && rc == 0; i++) {
		rc = check_trust(sources->directories.items[i], err);
	}
	return rc;
}

static int read_source(const struct source *source, struct document *document, struct error *err)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_CONFIG);
	auto_close int fd = -1;
	int rc = check_trust(source->path, err);

	if (rc < 0) {
		return rc;
	}
	fd = file_open(source->path, err);
	if (fd < 0) {
		return fd;
	}
	rc = file_read(fd, source->path, &bytes, err);
	return rc < 0 ? rc : reader_read(document, buffer_text(&bytes), bytes.length, err);
}

/* Nothing is read of a mask, but who put it there decides what is not read. */
static int check_mask(const struct source *source, struct error *err)
{
	auto_free char *directory = path_directory(source->path);

	return directory != NULL ? check_trust(directory, err) : error_no_memory(err);
}

static int merge_source(const struct source *source, struct document *document, struct error *err)
{
	auto_document struct document drop_in = {0};
	int rc = document_init(&drop_in, source->path, err);

	if (rc == 0) {
		rc = read_source(source, &drop_in, err);
	}
	return rc < 0 ? rc : document_merge(document, &drop_in, err);
}

static int take_source(const struct source *source, struct document *document, struct error *err)
{
	switch (source->state) {
	case SOURCE_READ:
		return source->is_drop_in ? merge_source(source, document, err)
					  : read_source(source, document, err);
	case SOURCE_MASK:
		return check_mask(source, err);
	case SOURCE_HIDDEN:
		break;
	}
	return 0;
}

int files_read(const struct sources *sources, struct document *ret, struct error *err)
{
	int rc = document_init(ret, sources->items[0].path, err);

	if (rc == 0) {
		rc = check_directories(sources, err);
	}
	for (size_t i = 0; i < sources->count && rc == 0; i++) {
		rc = take_source(&sources->items[i], ret, err);
	}
	return rc;
}
