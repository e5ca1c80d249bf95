/*
 * tar_builder.c - tar_builder.h: headers by hand, compression by libarchive.
 */
#include "support/tar_builder.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512u

/* POSIX pax, "ustar Interchange Format". */
struct block {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[8];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char unused[12];
};

void bytes_add(struct bytes *bytes, const void *data, size_t length)
{
	char *grown = realloc(bytes->data, bytes->length + length + 1);

	cr_assert_not_null(grown);
	bytes->data = grown;
	if (length > 0) {
		memcpy(grown + bytes->length, data, length);
	}
	bytes->length += length;
	grown[bytes->length] = '\0';
}

void bytes_add_zeros(struct bytes *bytes, size_t length)
{
	char *zeros = calloc(1, length + 1);

	cr_assert_not_null(zeros);
	bytes_add(bytes, zeros, length);
	free(zeros);
}

static void put_text(char *field, size_t size, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	memcpy(field, text != NULL ? text : "", length < size ? length : size);
}

static void put_octal(char *field, size_t size, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%0*llo", (int)size - 1, (unsigned long long)value);
	memcpy(field, text, size - 1);
}

static void put_checksum(struct block *block, bool bad)
{
	const unsigned char *bytes = (const unsigned char *)block;
	unsigned sum = bad ? 1 : 0;
	char text[16];

	memset(block->checksum, ' ', sizeof(block->checksum));
	for (size_t i = 0; i < sizeof(*block); i++) {
		sum += bytes[i];
	}
	(void)snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block->checksum, text, 7);
}

void tar_add_header(struct bytes *tar, const struct tar_header *header)
{
	struct block block = {.type = header->type != 0 ? header->type : '0'};

	put_text(block.name, sizeof(block.name), header->name);
	put_text(block.link, sizeof(block.link), header->link);
	put_text(block.user, sizeof(block.user), header->user);
	put_octal(block.mode, sizeof(block.mode), header->mode != 0 ? header->mode : 0755);
	put_octal(block.uid, sizeof(block.uid), 0);
	put_octal(block.gid, sizeof(block.gid), 0);
	put_octal(block.size, sizeof(block.size), header->size);
	put_octal(block.mtime, sizeof(block.mtime), 1700000000);
	memcpy(block.magic, "ustar\00000", sizeof(block.magic));
	put_checksum(&block, header->bad_checksum);
	bytes_add(tar, &block, sizeof(block));
}

void tar_add_content(struct bytes *tar, const void *data, size_t length)
{
	bytes_add(tar, data, length);
	bytes_add_zeros(tar, (BLOCK - length % BLOCK) % BLOCK);
}

void tar_add_file(struct bytes *tar, const char *name, const void *data, size_t length)
{
	tar_add_header(tar, &(struct tar_header){.name = name, .size = length});
	tar_add_content(tar, data, length);
}

void pax_add(struct bytes *records, const char *key, const char *value)
{
	size_t length = strlen(key) + strlen(value) + 3; /* blank, '=', line end */
	size_t whole = length;
	char digits[32];

	/* The length of a record counts its own digits. */
	for (size_t round = 0; round < 3; round++) {
		whole = length + (size_t)snprintf(digits, sizeof(digits), "%zu", whole);
	}
	(void)snprintf(digits, sizeof(digits), "%zu ", whole);
	bytes_add(records, digits, strlen(digits));
	bytes_add(records, key, strlen(key));
	bytes_add(records, "=", 1);
	bytes_add(records, value, strlen(value));
	bytes_add(records, "\n", 1);
}

void tar_add_extended(struct bytes *tar, struct bytes *records)
{
	tar_add_header(tar, &(struct tar_header){.name = "PaxHeader",
						 .type = 'x',
						 .size = records->length});
	tar_add_content(tar, records->data, records->length);
	free(records->data);
	*records = (struct bytes){0};
}

void tar_add_pax(struct bytes *tar, const char *key, const char *value)
{
	struct bytes records = {0};

	pax_add(&records, key, value);
	tar_add_extended(tar, &records);
}

void tar_add_end(struct bytes *tar)
{
	bytes_add_zeros(tar, 2 * (size_t)BLOCK);
}

static la_ssize_t collect(struct archive *out, void *data, const void *block, size_t length)
{
	(void)out;
	bytes_add(data, block, length);
	return (la_ssize_t)length;
}

static void add_filter(struct archive *out, const char *suffix)
{
	if (strcmp(suffix, "gz") == 0) {
		cr_assert_eq(archive_write_add_filter_gzip(out), ARCHIVE_OK);
	} else if (strcmp(suffix, "zst") == 0) {
		cr_assert_eq(archive_write_add_filter_zstd(out), ARCHIVE_OK);
	} else {
		cr_assert_str_eq(suffix, "xz");
		cr_assert_eq(archive_write_add_filter_xz(out), ARCHIVE_OK);
	}
}

struct bytes tar_compress(const struct bytes *tar, const char *suffix, const char *level)
{
	struct bytes compressed = {0};
	struct archive *out = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	cr_assert(out != NULL && entry != NULL);
	cr_assert_eq(archive_write_set_format_raw(out), ARCHIVE_OK);
	add_filter(out, suffix);
	if (level != NULL) {
		cr_assert_eq(archive_write_set_filter_option(out, NULL, "compression-level", level),
			     ARCHIVE_OK);
	}
	cr_assert_eq(archive_write_set_bytes_per_block(out, 0), ARCHIVE_OK);
	cr_assert_eq(archive_write_open(out, &compressed, NULL, collect, NULL), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	cr_assert_eq(archive_write_header(out, entry), ARCHIVE_OK);
	cr_assert_eq(archive_write_data(out, tar->data, tar->length), (la_ssize_t)tar->length);
	cr_assert_eq(archive_write_close(out), ARCHIVE_OK);
	(void)archive_write_free(out);
	archive_entry_free(entry);
	return compressed;
}
