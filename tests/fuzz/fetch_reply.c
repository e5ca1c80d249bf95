/*
 * fetch_reply.c - fuzzes reply_reader_feed(): what the fetch helper says, which has talked with
 * strangers. In whatever pieces the bytes arrive, they have to mean the same.
 */
#include <errno.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "release/fetch/reply.h"

/* What a taker was told, as far as two readings can be compared by it. */
struct told {
	size_t confinements;
	size_t headers;
	size_t bytes;
};

static int take_confinement(void *data, const char *text, struct error *err)
{
	struct told *told = data;

	(void)err;
	must(strlen(text) <= REPLY_TEXT_MAX);
	told->confinements++;
	return 0;
}

static int take_header(void *data, const struct reply_header *header, struct error *err)
{
	struct told *told = data;

	(void)err;
	must(header->status == 200 || header->status == 206);
	must(strlen(header->validator) <= REPLY_VALIDATOR_MAX);
	told->headers++;
	return 0;
}

static int take_bytes(void *data, const void *bytes, size_t length, struct error *err)
{
	struct told *told = data;

	(void)err;
	must(bytes != NULL && length > 0);
	told->bytes += length;
	return 0;
}

static int read_in_pieces(const uint8_t *bytes, size_t length, size_t piece, struct told *told,
			  struct error *err)
{
	const struct reply_taker taker = {take_confinement, take_header, take_bytes, told};
	struct reply_reader reader;
	int rc = 0;

	reply_reader_init(&reader, &taker);
	for (size_t at = 0; rc == 0 && at < length; at += piece) {
		size_t left = length - at;

		rc = reply_reader_feed(&reader, bytes + at, left < piece ? left : piece, err);
	}
	return rc == 0 ? reply_reader_finish(&reader, err) : rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct told whole = {0};
	struct told small = {0};
	struct error err = {0};
	int rc = read_in_pieces(bytes, length, length + 1, &whole, &err);
	struct error ignored = {0};

	fuzz_answer(rc, &err);
	must(read_in_pieces(bytes, length, 3, &small, &ignored) == rc);
	must(rc < 0 || (small.bytes == whole.bytes && small.headers == whole.headers));
	return 0;
}
