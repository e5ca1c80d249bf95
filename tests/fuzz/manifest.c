/* manifest.c - fuzzes manifest_find(): what it accepts names three URLs and a version. */
#include "release/manifest.h"
#include "fuzz/fuzz.h"
#include "release/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct release release = {0};
	struct error err;
	int rc = manifest_find((const char *)bytes, length, NULL, &release, &err);

	fuzz_answer(rc, &err);
	if (rc == 0) {
		must(release.version.text[0] != '\0');
		must(url_is_valid(release.tarball));
		must(url_is_valid(release.sums));
		must(url_is_valid(release.signature));
	}
	release_finish(&release);
	return 0;
}
