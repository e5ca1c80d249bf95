/*
 * manifest.c - manifest.h: find the one entry, then read no more than it.
 */
#include "release/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "release/document.h"
#include "release/url.h"

static int wanted_version(const json_t *root, const char *to, struct version *ret,
			  struct error *err)
{
	const char *latest = document_string(root, "latest_stable");

	if (to != NULL) {
		return version_parse(to, ret, err);
	}
	if (latest == NULL || latest[0] == '\0') {
		return error_set(err, -ENOENT, "it names no latest_stable: use --to VERSION");
	}
	int rc = version_parse(latest, ret, err);

	return rc < 0 ? error_prefix(err, "latest_stable") : 0;
}

static int find_entry(const json_t *releases, const struct version *wanted, const json_t **ret,
		      struct error *err)
{
	const json_t *found = NULL;

	for (size_t i = 0; i < json_array_size(releases); i++) {
		const json_t *entry = json_array_get(releases, i);
		const char *text = document_string(entry, "version");
		struct version version;
		struct error ignored;

		if (text == NULL) {
			return error_set(err, -EINVAL, "release %zu in it has no version", i + 1);
		}
		if (version_parse(text, &version, &ignored) < 0 ||
		    strcmp(version.text, wanted->text) != 0) {
			continue;
		}
		if (found != NULL) {
			return error_set(err, -EINVAL, "it lists version %s twice", wanted->text);
		}
		found = entry;
	}
	if (found == NULL) {
		return error_set(err, -ENOENT, "it does not list version %s", wanted->text);
	}
	*ret = found;
	return 0;
}

static int copy_url(const json_t *entry, const char *key, char **ret, struct error *err)
{
	const char *url = document_string(entry, key);

	if (url == NULL || !url_is_valid(url)) {
		return error_set(err, -EINVAL, "%s of the release is not a URL", key);
	}
	*ret = strdup(url);
	return *ret == NULL ? error_no_memory(err) : 0;
}

static int fill(const json_t *entry, struct release *release, struct error *err)
{
	int rc = copy_url(entry, "tarball_url", &release->tarball, err);

	if (rc == 0) {
		rc = copy_url(entry, "sha256sums_url", &release->sums, err);
	}
	if (rc == 0) {
		rc = copy_url(entry, "sha256sums_sig_url", &release->signature, err);
	}
	return rc;
}

int manifest_find(const char *bytes, size_t length, const char *to, struct release *ret,
		  struct error *err)
{
	json_auto_t *root = NULL;
	struct release release = {0};
	const json_t *entry = NULL;
	int rc = document_parse(bytes, length, -EINVAL, &root, err);

	if (rc < 0) {
		return rc;
	}
	const json_t *releases = json_object_get(root, "releases");

	if (!json_is_array(releases)) {
		return error_set(err, -EINVAL, "it has no list of releases");
	}
	rc = wanted_version(root, to, &release.version, err);
	if (rc == 0) {
		rc = find_entry(releases, &release.version, &entry, err);
	}
	if (rc == 0) {
		rc = fill(entry, &release, err);
	}
	if (rc < 0) {
		release_finish(&release);
		return rc;
	}
	*ret = release;
	return 0;
}
