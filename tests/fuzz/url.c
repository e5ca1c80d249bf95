/* url.c - fuzzes what is made of a URL: a path, a name and a sibling. */
#include <string.h>

#include "base/guard.h"
#include "fuzz/fuzz.h"
#include "release/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	auto_free char *url = strndup((const char *)bytes, length);
	auto_free char *path = NULL;
	auto_free char *name = NULL;
	struct error err;

	must(url != NULL);
	auto_free char *sibling = url_sibling(url, "SHA256SUMS");

	must(sibling != NULL && strstr(sibling, "SHA256SUMS") != NULL);
	if (url_name(url, &name, &err) == 0) {
		must(strchr(name, '/') == NULL);
	}
	int rc = url_file_path(url, &path, &err);

	fuzz_answer(rc, &err);
	if (rc == 0 && url_is_valid(url)) {
		must(path[0] == '/' && url_scheme_length(url) > 0);
	}
	return 0;
}
