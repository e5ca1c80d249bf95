/* unpack.c - fuzzes the unpack helper with compressed archives. */
#include "fuzz/fuzz.h"
#include "fuzz/unpacking.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error err;

	fuzz_answer(unpacking_run(bytes, length, &err), &err);
	return 0;
}
