/*
 * tar_builder.h - tar archives byte by byte, so that a test can write what no archiver would.
 *
 * Blocks are ustar (POSIX pax). A failure in here ends the test.
 */
#ifndef SUPPORT_TAR_BUILDER_H
#define SUPPORT_TAR_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow; free(bytes.data) when done. */
struct bytes {
	char *data;
	size_t length;
};

void bytes_add(struct bytes *bytes, const void *data, size_t length);
void bytes_add_zeros(struct bytes *bytes, size_t length);

/* A header block. What is not set is as in an ordinary file. */
struct tar_header {
	const char *name; /* at most 100 bytes are stored */
	char type;        /* '0' when 0: '1' hard link, '2' symlink, '3' '4' device, '5' '6' */
	const char *link;
	unsigned mode; /* 0755 when 0 */
	uint64_t size;
	const char *user;
	bool bad_checksum;
};

void tar_add_header(struct bytes *tar, const struct tar_header *header);
/* Content, padded to whole blocks. */
void tar_add_content(struct bytes *tar, const void *data, size_t length);
/* Both for an ordinary file. */
void tar_add_file(struct bytes *tar, const char *name, const void *data, size_t length);
/* A record "LENGTH KEY=VALUE\n", as an extended header holds. */
void pax_add(struct bytes *records, const char *key, const char *value);
/* An extended header with these records (which are freed) for the entry that follows. */
void tar_add_extended(struct bytes *tar, struct bytes *records);
/* Both for one record. */
void tar_add_pax(struct bytes *tar, const char *key, const char *value);
/* The two blocks of zeros at the end. */
void tar_add_end(struct bytes *tar);

/* The archive compressed with "gz", "zst" or "xz"; level NULL: the default. */
struct bytes tar_compress(const struct bytes *tar, const char *suffix, const char *level);

#endif
