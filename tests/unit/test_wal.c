/*
 * test_wal.c - a WAL that SQLite wrote is followed to its last commit, and to no frame beyond the
 * first that is not right.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "install/wal.h"
#include "snapshot_case.h"
#include "writer_case.h"

static struct writer writer;
static int wal = -1;
static unsigned char header_bytes[WAL_HEADER_SIZE];
static struct wal_header header;
static struct wal_index wal_index;
static unsigned char index_bytes[WAL_INDEX_SIZE];

static void read_beside(const char *suffix, unsigned char *bytes, size_t length)
{
	char *path = beside(suffix);
	int fd = file_open(path, &err);

	cr_assert(fd >= 0, "%s", err.text);
	cr_assert(read(fd, bytes, length) == (ssize_t)length);
	(void)close(fd);
	free(path);
}

static void write_a_wal(void)
{
	set_up();
	writer = writer_start(database.path, "PRAGMA journal_mode = WAL", NULL);
	cr_assert(writer_run(&writer, "INSERT INTO users VALUES ('one')") == 0);
	cr_assert(writer_run(&writer, "INSERT INTO users VALUES ('two')") == 0);
	char *path = beside("-wal");

	wal = open(path, O_RDWR | O_CLOEXEC);
	cr_assert(wal >= 0);
	free(path);
	read_beside("-wal", header_bytes, sizeof(header_bytes));
	read_beside("-shm", index_bytes, sizeof(index_bytes));
	cr_assert(wal_header_parse(header_bytes, &header) == 0);
	cr_assert(wal_index_parse(index_bytes, &wal_index) == 0);
}

static void end_it(void)
{
	(void)close(wal);
	(void)writer_kill(&writer);
	tear_down();
}

TestSuite(wal, .init = write_a_wal, .fini = end_it, .timeout = 60);

static struct wal_chain walk(uint64_t frames)
{
	struct wal_chain chain;

	wal_chain_begin(&chain, &header);
	cr_assert(wal_chain_walk(&chain, wal, frames, "the WAL", &err) == 0, "%s", err.text);
	return chain;
}

static void flip(off_t at)
{
	unsigned char byte = 0;

	cr_assert(pread(wal, &byte, 1, at) == 1);
	byte ^= 1;
	cr_assert(pwrite(wal, &byte, 1, at) == 1);
}

Test(wal, the_chain_ends_where_the_index_says)
{
	struct wal_chain chain = walk(wal_index.frames);

	cr_assert(wal_index.frames >= 2);
	cr_assert_eq(chain.frames, wal_index.frames);
	cr_assert_eq(chain.last_commit, wal_index.frames);
	cr_assert_eq(wal_index.page_size, header.page_size);
	cr_assert(memcmp(wal_index.salts, header.salts, sizeof(header.salts)) == 0);
	cr_assert_eq(wal_length(&header, 0), WAL_HEADER_SIZE);
}

Test(wal, a_flipped_bit_ends_the_chain_at_its_frame)
{
	flip((off_t)wal_length(&header, 1) + WAL_FRAME_HEADER_SIZE + 100);
	struct wal_chain chain = walk(wal_index.frames);

	cr_assert_eq(chain.frames, 1);
	cr_assert_eq(chain.last_commit, 1);
}

Test(wal, a_frame_of_an_older_generation_ends_the_chain)
{
	flip((off_t)wal_length(&header, 1) + 8);
	cr_assert_eq(walk(wal_index.frames).frames, 1);
}

Test(wal, a_file_that_is_shorter_than_said_is_an_error)
{
	struct wal_chain chain;

	wal_chain_begin(&chain, &header);
	cr_assert(wal_chain_walk(&chain, wal, wal_index.frames + 1, "the WAL", &err) == -EIO);
}

Test(wal, no_bit_of_its_header_may_differ)
{
	for (size_t i = 0; i < sizeof(header_bytes) * 8; i++) {
		struct wal_header other;
		/* A sequence number and the salts are summed up as well. */
		header_bytes[i / 8] ^= (unsigned char)(1u << (i % 8));
		cr_assert(wal_header_parse(header_bytes, &other) == -EBADMSG, "bit %zu", i);
		header_bytes[i / 8] ^= (unsigned char)(1u << (i % 8));
	}
}

Test(wal, an_index_whose_copies_differ_is_being_written)
{
	struct wal_index other;

	index_bytes[20] ^= 1;
	cr_assert(wal_index_parse(index_bytes, &other) == -EAGAIN);
	index_bytes[48 + 20] ^= 1;
	cr_assert(wal_index_parse(index_bytes, &other) == -EAGAIN, "its sum is wrong");
}
