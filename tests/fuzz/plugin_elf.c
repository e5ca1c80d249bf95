/* plugin_elf.c - fuzzes plugin_elf_lint(): a file that says it is a shared object. */
#include "update/plugin_elf.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	auto_buffer struct buffer file = BUFFER_INIT(1u << 20);
	auto_findings struct findings found = {0};

	if (buffer_add(&file, bytes, length) < 0) {
		return 0;
	}
	must(plugin_elf_lint(&file, &found) == 0);
	for (size_t i = 0; i < found.count; i++) {
		must(found.items[i].verdict == VERDICT_INCOMPATIBLE);
		must(found.items[i].remedy != NULL);
	}
	return 0;
}
