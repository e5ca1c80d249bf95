/* key.c - fuzzes public_key_parse(), and checks a signature with what it accepts. */
#include "fuzz/fuzz.h"
#include "release/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct signature nobodys = {.der = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01,
							 0x01},
						 .length = 8};
	auto_public_key struct public_key key = {0};
	struct error err;
	int rc = public_key_parse((const char *)bytes, length, &key, &err);

	fuzz_answer(rc, &err);
	must(rc == 0 || key.handle == NULL);
	if (rc == 0) {
		must(signature_check(&nobodys, &key, "x", 1, &err) < 0);
	}
	return 0;
}
