/*
 * reader.c - reader.h: libarchive's tar reader on top of stream.h.
 *
 * Two libarchive readers, one for the compression and one for the format, because only then the
 * bytes behind the end of the archive can be seen.
 */
#include "release/unpack/reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "release/unpack/stream.h"

/* Write-back is started each time so much was written, so that fsync(2) finds little to do. */
#define WRITE_BACK (8u * MIB)

struct reader {
	const struct reader_job *job;
	struct stream *stream;
	struct archive *tar;
	struct error stream_error; /* why the stream failed; libarchive knows only that it did */
	bool *seen;
	bool seen_directory;
	uint64_t written; /* of all artifacts */
};

static la_ssize_t read_stream(struct archive *tar, void *data, const void **block)
{
	struct reader *reader = data;
	size_t length = 0;

	(void)tar;
	if (stream_next(reader->stream, block, &length, &reader->stream_error) < 0) {
		return -1;
	}
	return (la_ssize_t)length;
}

static int fail(const struct reader *reader, struct error *err)
{
	const char *text = archive_error_string(reader->tar);

	if (reader->stream_error.code != 0) {
		*err = reader->stream_error;
		return err->code;
	}
	if (archive_errno(reader->tar) == ENOMEM) {
		return error_no_memory(err);
	}
	return error_set(err, -EBADMSG, "it is not a well-formed tar archive: %s",
			 text != NULL ? text : "unknown reason");
}

static size_t find_name(const struct reader_job *job, const char *name)
{
	size_t i = 0;

	while (i < job->count && strcmp(job->names[i], name) != 0) {
		i++;
	}
	return i;
}

static const char *kind_of(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry) != NULL) {
		return "a hard link";
	}
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return archive_entry_sparse_count(entry) > 0 ? "a sparse file" : NULL;
	case AE_IFLNK:
		return "a symbolic link";
	case AE_IFDIR:
		return "a directory";
	case AE_IFIFO:
		return "a FIFO";
	case AE_IFCHR:
	case AE_IFBLK:
		return "a device";
	default:
		return "of an unknown kind";
	}
}

/* "./", as "tar -cf x -C directory ." puts in front. */
static bool is_own_directory(struct archive_entry *entry, const char *name)
{
	return archive_entry_filetype(entry) == AE_IFDIR && archive_entry_size(entry) == 0 &&
	       archive_entry_hardlink(entry) == NULL &&
	       (strcmp(name, "./") == 0 || strcmp(name, ".") == 0);
}

/* Which artifact an entry is. */
static int select_artifact(const struct reader *reader, struct archive_entry *entry,
			   const char *name, size_t *ret, struct error *err)
{
	size_t index = find_name(reader->job, strncmp(name, "./", 2) == 0 ? name + 2 : name);
	const char *kind = kind_of(entry);

	if (index == reader->job->count) {
		return error_set(err, -EBADMSG, "it holds '%.100s', which is none of the artifacts",
				 name);
	}
	if (kind != NULL) {
		return error_set(err, -EBADMSG, "'%.100s' in it is %s, not a regular file", name,
				 kind);
	}
	if (reader->seen[index]) {
		return error_set(err, -EBADMSG, "it holds '%.100s' twice", name);
	}
	la_int64_t size = archive_entry_size(entry);

	if (!archive_entry_size_is_set(entry) || size <= 0) {
		return error_set(err, -EBADMSG, "'%.100s' in it is empty", name);
	}
	if ((uint64_t)size > reader->job->maximum - reader->written) {
		return error_set(err, -EFBIG, "its files are larger than the %llu bytes allowed",
				 (unsigned long long)reader->job->maximum);
	}
	*ret = index;
	return 0;
}

/* One block of an artifact, at the offset that libarchive says it has. */
static int write_block(int fd, const char *name, const void *block, size_t length, uint64_t offset,
		       struct error *err)
{
	int rc = file_write(fd, name, block, length, err);

	if (rc == -EFBIG || rc == -EDQUOT) {
		err->code = rc == -EDQUOT ? -ENOSPC : rc;
	}
	if (rc == 0 && offset / WRITE_BACK != (offset + length) / WRITE_BACK) {
		/* Only a hint: what has to be durable is synced by the updater. */
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	return rc < 0 ? err->code : 0;
}

static int copy_content(struct reader *reader, const char *name, int fd, uint64_t size,
			struct error *err)
{
	uint64_t copied = 0;

	for (;;) {
		const void *block = NULL;
		size_t length = 0;
		la_int64_t offset = 0;
		int rc = archive_read_data_block(reader->tar, &block, &length, &offset);

		if (rc == ARCHIVE_EOF) {
			break;
		}
		if (rc != ARCHIVE_OK) {
			return fail(reader, err);
		}
		if (offset < 0 || (uint64_t)offset != copied || length > size - copied) {
			return error_set(err, -EBADMSG, "'%.100s' in it has holes or a wrong size",
					 name);
		}
		rc = write_block(fd, name, block, length, copied, err);
		if (rc < 0) {
			return rc;
		}
		copied += length;
	}
	if (copied != size) {
		return error_set(err, -EBADMSG, "'%.100s' in it is shorter than it says", name);
	}
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

static int read_entry(struct reader *reader, struct archive_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(entry);
	size_t index = 0;

	if (name == NULL) {
		return error_set(err, -EBADMSG, "it holds a file without a readable name");
	}
	if (is_own_directory(entry, name) && !reader->seen_directory) {
		reader->seen_directory = true;
		return 0;
	}
	int rc = select_artifact(reader, entry, name, &index, err);

	if (rc < 0) {
		return rc;
	}
	uint64_t size = (uint64_t)archive_entry_size(entry);

	reader->seen[index] = true;
	reader->written += size;
	return copy_content(reader, reader->job->names[index],
			    reader->job->first_output + (int)index, size, err);
}

static int check_complete(const struct reader *reader, struct error *err)
{
	for (size_t i = 0; i < reader->job->count; i++) {
		if (!reader->seen[i]) {
			return error_set(err, -EBADMSG, "'%.100s' is missing in it",
					 reader->job->names[i]);
		}
	}
	return 0;
}

static int read_entries(struct reader *reader, struct error *err)
{
	for (;;) {
		struct archive_entry *entry = NULL;
		int rc = archive_read_next_header(reader->tar, &entry);

		if (rc == ARCHIVE_EOF) {
			break;
		}
		/* A warning is about something that we would not have understood as meant. */
		if (rc != ARCHIVE_OK) {
			return fail(reader, err);
		}
		rc = read_entry(reader, entry, err);
		if (rc < 0) {
			return rc;
		}
	}
	/* The end of the archive as libarchive saw it. */
	uint64_t end = (uint64_t)archive_read_header_position(reader->tar);
	int rc = stream_check_end(reader->stream, end, err);

	return rc == 0 ? check_complete(reader, err) : rc;
}

static int read_archive(struct reader *reader, struct error *err)
{
	if (archive_read_support_format_tar(reader->tar) != ARCHIVE_OK) {
		return error_set(err, -EIO, "libarchive cannot read tar here");
	}
	if (archive_read_open(reader->tar, reader, NULL, read_stream, NULL) != ARCHIVE_OK) {
		return fail(reader, err);
	}
	return read_entries(reader, err);
}

int reader_run(const struct reader_job *job, struct error *err)
{
	auto_free bool *seen = calloc(job->count, sizeof(*seen));
	struct reader reader = {.job = job, .seen = seen, .tar = archive_read_new()};
	uint64_t most = job->maximum;
	int rc = 0;

	if (seen == NULL || reader.tar == NULL) {
		rc = error_no_memory(err);
	}
	if (rc == 0) {
		most = most > UINT64_MAX - LIMIT_TAR_OVERHEAD ? UINT64_MAX
							      : most + LIMIT_TAR_OVERHEAD;
		rc = stream_open(job->archive, most, &reader.stream, err);
	}
	if (rc == 0) {
		rc = read_archive(&reader, err);
	}
	(void)archive_read_free(reader.tar);
	stream_close(reader.stream);
	return rc;
}
