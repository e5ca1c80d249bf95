/* version.c - fuzzes version_parse() and the order: two words, a version each. */
#include <string.h>

#include "base/guard.h"
#include "fuzz/fuzz.h"
#include "model/version.h"

/* The same version again, from what it says its text is. */
static void check_again(const struct version *version)
{
	struct version again;
	struct error err;

	must(version_parse(version->text, &again, &err) == 0);
	must(strcmp(again.text, version->text) == 0);
	must(version_compare(version, &again) == 0);
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	auto_free char *text = strndup((const char *)bytes, length);
	struct version first;
	struct version second;
	struct version found;
	struct error err;

	must(text != NULL);
	/* As with version_find(): the text may hold several words. */
	if (version_find(text, &found, &err) == 0) {
		check_again(&found);
	}
	char *space = strchr(text, ' ');
	const char *other = space != NULL ? space + 1 : "1.0.0";

	if (space != NULL) {
		*space = '\0';
	}
	int rc = version_parse(text, &first, &err);

	if (rc == 0) {
		check_again(&first);
		rc = version_parse(other, &second, &err);
	}
	fuzz_answer(rc, &err);
	if (rc == 0) {
		must(sign(version_compare(&first, &second)) ==
		     -sign(version_compare(&second, &first)));
	}
	return 0;
}
