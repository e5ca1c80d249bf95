/* frames.c - fuzzes what a plugin's process writes: frame_decode() and the order of frames. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "preflight/frames.h"

/* A frame that was accepted is encoded to the bytes it came from, or to a shorter form of them:
 * a fact that is a number loses its text. */
static void check_encoding(const struct frame *frame, const uint8_t *bytes, size_t used)
{
	auto_buffer struct buffer again = BUFFER_INIT(FRAME_HEADER + LIMIT_FRAME);

	must(frame_encode(frame, &again) == 0);
	if (!frame->is_number) {
		must(again.length == used && memcmp(again.data, bytes, used) == 0);
	}
}

/* 0: every byte belongs to a frame, and the last one says done. */
static int read_all(const uint8_t *bytes, size_t length, struct error *err)
{
	struct frame_sequence sequence = {0};
	size_t at = 0;

	while (at < length) {
		struct frame frame;
		size_t used = 0;
		int rc = frame_decode((const char *)bytes + at, length - at, &frame, &used, err);

		if (rc == 0) {
			return error_set(err, -EPROTO, "it ends within a frame");
		}
		if (rc < 0) {
			return rc;
		}
		must(rc == 1 && used >= FRAME_HEADER && used <= length - at);
		check_encoding(&frame, bytes + at, used);
		rc = frame_sequence_add(&sequence, &frame, used, err);
		if (rc < 0) {
			return rc;
		}
		at += used;
	}
	return sequence.is_done ? 0 : error_set(err, -EPROTO, "there is no last frame");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error err;

	fuzz_answer(read_all(bytes, length, &err), &err);
	return 0;
}
