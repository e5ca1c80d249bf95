/*
 * wal.h - SQLite's write-ahead log and its shared index, read without SQLite.
 *
 * Whether a copy of a WAL holds what the daemon's connections see can only be told by its chain of
 * checksums: SQLite 3.40.1 appends frames that no recovery accepts after ROLLBACK TO in a
 * transaction that had spilled its cache. The daemon sees its rows through the index; a copy of
 * database and WAL has lost them. Sources: sqlite.org/fileformat2.html section 4,
 * sqlite.org/walformat.html.
 */
#ifndef INSTALL_WAL_H
#define INSTALL_WAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WAL_HEADER_SIZE       32
#define WAL_FRAME_HEADER_SIZE 24
#define WAL_INDEX_SIZE        136
#define WAL_PAGE_MAX          65536

/* Lock bytes of the -shm file. */
#define WAL_LOCK_WRITE      120
#define WAL_LOCK_CHECKPOINT 121
#define WAL_LOCK_READ_FIRST 123
#define WAL_LOCK_READ_LAST  127
#define WAL_LOCK_IN_USE     128

struct wal_header {
	uint32_t page_size;
	bool swapped; /* the checksums' byte order is not this machine's */
	uint8_t salts[8];
	uint32_t sums[2];
};

/* 0, or -EBADMSG: it is not the header of a WAL. */
MUST_CHECK int wal_header_parse(const unsigned char bytes[WAL_HEADER_SIZE], struct wal_header *ret);

/* The length of a WAL's file with that many frames. */
uint64_t wal_length(const struct wal_header *header, uint64_t frames);

/* What has been found good of one generation of a WAL. */
struct wal_chain {
	struct wal_header header;
	uint32_t sums[2];
	uint64_t frames;      /* that continue the chain */
	uint64_t last_commit; /* the last of them that ends a transaction; 0: none */
};

void wal_chain_begin(struct wal_chain *chain, const struct wal_header *header);

/* Adds one frame, its header and its page; false when it does not continue the chain. */
bool wal_chain_add(struct wal_chain *chain, const unsigned char *frame);

/* Adds the frames of a WAL's file up to the given number, as far as they continue the chain. 0 also
 * when it ends earlier: look at chain->frames. */
MUST_CHECK int wal_chain_walk(struct wal_chain *chain, int fd, uint64_t frames, const char *name,
			      struct error *err);

/* The header of the -shm file. */
struct wal_index {
	uint32_t page_size;
	uint32_t frames; /* committed */
	uint8_t salts[8];
};

/* 0, or -EAGAIN: somebody is at changing it, or was killed at that. */
MUST_CHECK int wal_index_parse(const unsigned char bytes[WAL_INDEX_SIZE], struct wal_index *ret);

#endif
