/*
 * stream.c - stream.h on libarchive's "raw" format, which is filters and nothing else.
 */
#include "release/unpack/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/limits.h"

#define INPUT_SIZE (64u * KIB)
/* POSIX pax: an archive ends with two blocks of zeros. */
#define END_SIZE (2u * 512u)

struct stream {
	struct archive *raw;
	int fd;
	uint64_t size;     /* of the file */
	uint64_t position; /* in the file */
	uint64_t length;   /* decompressed so far */
	uint64_t maximum;
	uint64_t content_end; /* behind the last decompressed byte that is not zero */
	char input[INPUT_SIZE];
};

static la_ssize_t read_input(struct archive *raw, void *data, const void **block)
{
	struct stream *stream = data;
	ssize_t got = 0;

	do {
		got = pread(stream->fd, stream->input, sizeof(stream->input),
			    (off_t)stream->position);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		archive_set_error(raw, errno, "%s", strerror(errno));
		return -1;
	}
	stream->position += (uint64_t)got;
	*block = stream->input;
	return got;
}

/* libarchive's reason as ours. */
static int fail(struct archive *archive, struct error *err)
{
	const char *text = archive_error_string(archive);
	int code = archive_errno(archive) == ENOMEM ? -ENOMEM : -EBADMSG;

	return error_set(err, code, "it cannot be decompressed: %s",
			 text != NULL ? text : "unknown reason");
}

static int set_up(struct archive *raw, struct error *err)
{
	/* ARCHIVE_WARN would mean that another program is run for it. */
	if (archive_read_support_filter_gzip(raw) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(raw) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(raw) != ARCHIVE_OK ||
	    archive_read_support_format_raw(raw) != ARCHIVE_OK) {
		return error_set(err, -EIO, "libarchive cannot read gzip, zstd and xz here");
	}
	return 0;
}

static int begin(struct stream *stream, struct error *err)
{
	struct archive_entry *entry = NULL;
	int rc = set_up(stream->raw, err);

	if (rc < 0) {
		return rc;
	}
	if (archive_read_open(stream->raw, stream, NULL, read_input, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(stream->raw, &entry) != ARCHIVE_OK) {
		return fail(stream->raw, err);
	}
	/* One filter and the file itself. */
	if (archive_filter_count(stream->raw) != 2) {
		return error_set(err, -EBADMSG, "it is not compressed once with gzip, zstd or xz");
	}
	return 0;
}

int stream_open(int fd, uint64_t maximum, struct stream **ret, struct error *err)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	/* Not fstat(2): glibc makes it a call that also takes paths, and those are out of reach
	 * here. */
	off_t size = lseek(fd, 0, SEEK_END);

	if (stream == NULL) {
		return error_no_memory(err);
	}
	stream->raw = archive_read_new();
	stream->fd = fd;
	stream->maximum = maximum;
	int rc = 0;

	if (stream->raw == NULL) {
		rc = error_no_memory(err);
	} else if (size < 0) {
		rc = error_set(err, -EIO, "cannot look at the archive: %s", strerror(errno));
	} else {
		stream->size = (uint64_t)size;
		rc = begin(stream, err);
	}
	if (rc < 0) {
		stream_close(stream);
		return rc;
	}
	*ret = stream;
	return 0;
}

void stream_close(struct stream *stream)
{
	if (stream != NULL) {
		(void)archive_read_free(stream->raw);
		free(stream);
	}
}

/* Offset behind the last byte of block that is not zero; 0 when all are. */
static size_t content_length(const char *block, size_t length)
{
	while (length > 0 && block[length - 1] == '\0') {
		length--;
	}
	return length;
}

int stream_next(struct stream *stream, const void **ret, size_t *ret_length, struct error *err)
{
	const void *block = NULL;
	size_t length = 0;
	la_int64_t offset = 0;
	int rc = archive_read_data_block(stream->raw, &block, &length, &offset);

	if (rc == ARCHIVE_EOF) {
		*ret_length = 0;
		return 0;
	}
	if (rc != ARCHIVE_OK) {
		return fail(stream->raw, err);
	}
	if (length > stream->maximum - stream->length) {
		return error_set(err, -EFBIG, "it decompresses to more than the %llu bytes allowed",
				 (unsigned long long)stream->maximum);
	}
	size_t content = content_length(block, length);

	if (content > 0) {
		stream->content_end = stream->length + content;
	}
	stream->length += length;
	*ret = block;
	*ret_length = length;
	return 0;
}

int stream_check_end(struct stream *stream, uint64_t offset, struct error *err)
{
	const void *block = NULL;
	size_t length = 0;

	do {
		int rc = stream_next(stream, &block, &length, err);

		if (rc < 0) {
			return rc;
		}
	} while (length > 0);
	if (stream->content_end > offset) {
		return error_set(err, -EBADMSG, "something follows the end of the archive");
	}
	if (stream->length < offset + END_SIZE) {
		return error_set(err, -EBADMSG,
				 "it ends without the two empty blocks of a whole archive");
	}
	if ((uint64_t)archive_filter_bytes(stream->raw, -1) != stream->size) {
		return error_set(err, -EBADMSG, "something follows the compressed archive");
	}
	return 0;
}
