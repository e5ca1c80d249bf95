/*
 * unpack_tar.c - fuzzes the unpack helper with archives that are put into a valid compression
 * first: no checksum stands between libFuzzer and the tar format.
 */
#include <string.h>

#include "base/guard.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "fuzz/unpacking.h"

/* RFC 8878: a frame of raw blocks, its size in eight bytes, no checksum. */
#define FRAME_HEAD 13u
#define BLOCK_HEAD 3u
#define BLOCK_MAX  (128u * KIB)

static const uint8_t frame_start[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0};

/* The size in bytes, lowest first. */
static void put_number(uint8_t *to, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		to[i] = (uint8_t)(number >> (8 * i));
	}
}

static size_t wrap(const uint8_t *bytes, size_t length, uint8_t *frame)
{
	size_t at = FRAME_HEAD;
	size_t done = 0;

	memcpy(frame, frame_start, sizeof(frame_start));
	put_number(frame + sizeof(frame_start), length, FRAME_HEAD - sizeof(frame_start));
	do {
		size_t size = length - done < BLOCK_MAX ? length - done : BLOCK_MAX;

		put_number(frame + at, size << 3 | (done + size == length), BLOCK_HEAD);
		memcpy(frame + at + BLOCK_HEAD, bytes + done, size);
		at += BLOCK_HEAD + size;
		done += size;
	} while (done < length);
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	size_t blocks = length / BLOCK_MAX + 1;
	auto_free uint8_t *frame = malloc(FRAME_HEAD + blocks * BLOCK_HEAD + length);
	struct error err;

	must(frame != NULL);
	fuzz_answer(unpacking_run(frame, wrap(bytes, length, frame), &err), &err);
	return 0;
}
