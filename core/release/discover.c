/*
 * discover.c - discover.h: the manifest, fetched and asked.
 */
#include "release/discover.h"

#include <sys/utsname.h>

#include "base/limits.h"
#include "release/fetch.h"
#include "release/local.h"
#include "release/manifest.h"

const char *release_machine(void)
{
	static struct utsname name;

	return uname(&name) == 0 ? name.machine : "unknown";
}

int release_discover(const struct discover_options *options, struct release *ret, struct error *err)
{
	auto_buffer struct buffer manifest = BUFFER_INIT(LIMIT_MANIFEST);

	if (options->local != NULL) {
		return local_find(options, ret, err);
	}
	int rc = fetch_document(options->fetcher, options->manifest, &manifest, err);

	if (rc < 0) {
		return error_prefix(err, "cannot read the manifest");
	}
	rc = manifest_find(buffer_text(&manifest), manifest.length, options->to, ret, err);
	if (rc < 0) {
		text_sanitize(err->text);
		return error_prefix(err, "the manifest %s cannot be used", options->manifest);
	}
	return 0;
}
