/* unpack_report.c - fuzzes protocol_read(): what the unpack helper says, which may be a liar. */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "release/unpack/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char ok[] = "ok\n";
	char text[PROTOCOL_HELD_MAX];
	unsigned held = 0;
	struct error err;

	/* As its caller does: one byte more than fits is how it sees that it does not. */
	if (length > LIMIT_UNPACK_REPORT + 1) {
		length = LIMIT_UNPACK_REPORT + 1;
	}
	int rc = protocol_read((const char *)bytes, length, &held, &err);

	fuzz_answer(rc, &err);
	if (rc == 0) {
		size_t end = sizeof(ok) - 1;

		must(strlen(protocol_held_text(held, text)) < sizeof(text));
		must(length > end && memcmp(bytes + length - end, ok, end) == 0);
	}
	return 0;
}
