/* base64.c - fuzzes base64_decode(): what it accepts has one spelling, which is libcrypto's. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "release/base64.h"

#define CAPACITY 1024

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	uint8_t decoded[CAPACITY];
	/* libcrypto writes a NUL behind it. */
	unsigned char encoded[(CAPACITY + 2) / 3 * 4 + 1];
	size_t used = 0;
	struct error err = {0};
	int rc = base64_decode((const char *)bytes, length, decoded, sizeof(decoded), &used);

	if (rc < 0) {
		(void)error_set(&err, rc, "not base64, or too long");
	}
	fuzz_answer(rc, &err);
	if (rc == 0) {
		must(used <= sizeof(decoded));
		must((size_t)EVP_EncodeBlock(encoded, decoded, (int)used) == length);
		must(memcmp(encoded, bytes, length) == 0);
	}
	return 0;
}
