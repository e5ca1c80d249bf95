/* release_json.c - fuzzes release_json_parse(): identifiers it accepts ascend from 1. */
#include "release/release_json.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct version version = {.major = 1, .text = "1.0.0"};
	struct release release = {0};
	struct error err;
	int rc =
		release_json_parse((const char *)bytes, length, "banger", &version, &release, &err);

	fuzz_answer(rc, &err);
	for (size_t i = 0; i < release.migration_count; i++) {
		const struct ids *known = &release.migrations[i].known;

		must(release.migrations[i].database[0] != '\0');
		for (size_t j = 0; j < known->count; j++) {
			must(known->items[j] > (j > 0 ? known->items[j - 1] : 0));
		}
	}
	release_finish(&release);
	return 0;
}
