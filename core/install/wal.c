/*
 * wal.c - wal.h: formats as SQLite writes them; the index is in the machine's own byte order.
 */
#include "install/wal.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAGIC         UINT32_C(0x377f0682)
#define MAGIC_BIG     UINT32_C(0x377f0683) /* checksums of big-endian words */
#define VERSION       3007000
#define PAGE_MIN      512
#define INDEX_VERSION 3007000

/* One of the two copies at the head of the index (walformat.html, section 2.1). */
#define INDEX_COPY_SIZE  48
#define INDEX_SUMMED     40
#define INDEX_IS_INIT    12
#define INDEX_PAGE_SIZE  14
#define INDEX_LAST_FRAME 16
#define INDEX_SALTS      32
#define INDEX_SUMS       40

static uint32_t big(const unsigned char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return be32toh(value);
}

/* The checksum over length bytes, a multiple of 8, that goes on from sums. */
static void add_sums(uint32_t sums[2], const unsigned char *bytes, size_t length, bool swapped)
{
	uint32_t first = sums[0];
	uint32_t second = sums[1];

	for (size_t i = 0; i < length; i += 8) {
		uint32_t words[2];

		memcpy(words, bytes + i, sizeof(words));
		first += (swapped ? __builtin_bswap32(words[0]) : words[0]) + second;
		second += (swapped ? __builtin_bswap32(words[1]) : words[1]) + first;
	}
	sums[0] = first;
	sums[1] = second;
}

static bool is_page_size(uint32_t size)
{
	return size >= PAGE_MIN && size <= WAL_PAGE_MAX && (size & (size - 1)) == 0;
}

int wal_header_parse(const unsigned char bytes[WAL_HEADER_SIZE], struct wal_header *ret)
{
	const bool is_big = big(bytes) == MAGIC_BIG;
	struct wal_header header = {
		.page_size = big(bytes + 8),
		.swapped = is_big != (__BYTE_ORDER == __BIG_ENDIAN),
	};
	uint32_t sums[2] = {0, 0};

	if ((!is_big && big(bytes) != MAGIC) || big(bytes + 4) != VERSION ||
	    !is_page_size(header.page_size)) {
		return -EBADMSG;
	}
	add_sums(sums, bytes, 24, header.swapped);
	if (sums[0] != big(bytes + 24) || sums[1] != big(bytes + 28)) {
		return -EBADMSG;
	}
	memcpy(header.salts, bytes + 16, sizeof(header.salts));
	memcpy(header.sums, sums, sizeof(header.sums));
	*ret = header;
	return 0;
}

static size_t frame_size(const struct wal_header *header)
{
	return WAL_FRAME_HEADER_SIZE + (size_t)header->page_size;
}

uint64_t wal_length(const struct wal_header *header, uint64_t frames)
{
	return WAL_HEADER_SIZE + frames * frame_size(header);
}

void wal_chain_begin(struct wal_chain *chain, const struct wal_header *header)
{
	*chain = (struct wal_chain){.header = *header};
	memcpy(chain->sums, header->sums, sizeof(chain->sums));
}

bool wal_chain_add(struct wal_chain *chain, const unsigned char *frame)
{
	const struct wal_header *header = &chain->header;
	uint32_t sums[2] = {chain->sums[0], chain->sums[1]};

	/* Page number, pages of the database after a commit (else 0), salts, checksums. */
	if (big(frame) == 0 || memcmp(frame + 8, header->salts, sizeof(header->salts)) != 0) {
		return false;
	}
	add_sums(sums, frame, 8, header->swapped);
	add_sums(sums, frame + WAL_FRAME_HEADER_SIZE, header->page_size, header->swapped);
	if (sums[0] != big(frame + 16) || sums[1] != big(frame + 20)) {
		return false;
	}
	memcpy(chain->sums, sums, sizeof(chain->sums));
	chain->frames++;
	if (big(frame + 4) != 0) {
		chain->last_commit = chain->frames;
	}
	return true;
}

/* 0, -EIO: the file ends, or what read(2) says. */
static int read_at(int fd, unsigned char *bytes, size_t length, uint64_t at)
{
	for (size_t done = 0; done < length;) {
		ssize_t got = pread(fd, bytes + done, length - done, (off_t)(at + done));

		if (got == 0) {
			return -EIO;
		}
		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

int wal_chain_walk(struct wal_chain *chain, int fd, uint64_t frames, const char *name,
		   struct error *err)
{
	unsigned char frame[WAL_FRAME_HEADER_SIZE + WAL_PAGE_MAX];

	while (chain->frames < frames) {
		uint64_t at = wal_length(&chain->header, chain->frames);
		int rc = read_at(fd, frame, frame_size(&chain->header), at);

		if (rc < 0) {
			return error_set(err, rc, "cannot read %s: %s", name, strerror(-rc));
		}
		if (!wal_chain_add(chain, frame)) {
			break;
		}
	}
	return 0;
}

/* Whether one copy is whole: what is summed up, and its sums. */
static bool is_index_whole(const unsigned char *copy)
{
	uint32_t version;
	uint32_t expected[2];
	uint32_t sums[2] = {0, 0};

	memcpy(&version, copy, sizeof(version));
	memcpy(expected, copy + INDEX_SUMS, sizeof(expected));
	add_sums(sums, copy, INDEX_SUMMED, false);
	return version == INDEX_VERSION && copy[INDEX_IS_INIT] == 1 &&
	       memcmp(sums, expected, sizeof(sums)) == 0;
}

int wal_index_parse(const unsigned char bytes[WAL_INDEX_SIZE], struct wal_index *ret)
{
	struct wal_index index = {0};
	uint16_t page_size;

	if (memcmp(bytes, bytes + INDEX_COPY_SIZE, INDEX_COPY_SIZE) != 0 ||
	    !is_index_whole(bytes)) {
		return -EAGAIN;
	}
	memcpy(&page_size, bytes + INDEX_PAGE_SIZE, sizeof(page_size));
	memcpy(&index.frames, bytes + INDEX_LAST_FRAME, sizeof(index.frames));
	memcpy(index.salts, bytes + INDEX_SALTS, sizeof(index.salts));
	index.page_size = page_size == 1 ? WAL_PAGE_MAX : page_size;
	*ret = index;
	return 0;
}
