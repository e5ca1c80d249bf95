/* sums.c - fuzzes sums_parse(): every name it accepts is bare, and is there once. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "release/sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	auto_sums struct sums sums = {0};
	struct error err;

	fuzz_answer(sums_parse((const char *)bytes, length, &sums, &err), &err);
	for (size_t i = 0; i < sums.count; i++) {
		const char *name = sums.items[i].name;

		must(name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL);
		must(sums_find(&sums, name) == &sums.items[i].digest);
	}
	return 0;
}
