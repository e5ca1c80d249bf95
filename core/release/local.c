/*
 * local.c - local.h: names are looked at, nothing is read.
 *
 * Which file is meant is decided by file names alone, as nothing may be parsed before its
 * signature was checked. What a name claims, the signed sums then prove or not.
 */
#include "release/local.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "release/tarball.h"
#include "release/url.h"

/* The versions found so far that are named in a refusal. */
#define VERSIONS_SHOWN_MAX 400

struct search {
	const struct discover_options *options;
	struct version wanted; /* text "" when any will do */
	struct version version;
	char *name; /* the best tarball of version */
	bool is_ambiguous;
	char shown[VERSIONS_SHOWN_MAX];
};

static void show_version(struct search *search, const struct version *version)
{
	size_t used = strlen(search->shown);

	if (used + strlen(version->text) + sizeof(", ...") < sizeof(search->shown)) {
		(void)snprintf(search->shown + used, sizeof(search->shown) - used, "%s%s",
			       used > 0 ? ", " : "", version->text);
	} else if (strcmp(search->shown + used - 3, "...") != 0) {
		memcpy(search->shown + used, ", ...", sizeof(", ..."));
	}
}

static int keep(struct search *search, const char *name, const struct version *version)
{
	char *copy = strdup(name);

	if (copy == NULL) {
		return -ENOMEM;
	}
	free(search->name);
	search->name = copy;
	search->version = *version;
	return 0;
}

/* One name of the directory. */
static int consider(struct search *search, const char *name)
{
	struct version version;

	if (tarball_version(name, search->options->product, release_machine(), &version) < 0) {
		return 0;
	}
	if (search->wanted.text[0] != '\0' && strcmp(version.text, search->wanted.text) != 0) {
		return 0;
	}
	if (search->name == NULL || strcmp(version.text, search->version.text) != 0) {
		search->is_ambiguous = search->is_ambiguous || search->name != NULL;
		show_version(search, &version);
		return keep(search, name, &version);
	}
	return tarball_rank(name) < tarball_rank(search->name) ? keep(search, name, &version) : 0;
}

static int scan(struct search *search, struct error *err)
{
	const char *directory = search->options->local;
	auto_directory DIR *stream = opendir(directory);
	int rc = 0;

	if (stream == NULL) {
		return error_set(err, -errno, "cannot list %s: %s", directory, strerror(errno));
	}
	do {
		errno = 0;
		const struct dirent *entry = readdir(stream);

		if (entry == NULL) {
			rc = -errno;
			break;
		}
		rc = consider(search, entry->d_name);
	} while (rc == 0);
	return rc < 0 ? error_set(err, rc, "cannot list %s: %s", directory, strerror(-rc)) : 0;
}

static int check_found(const struct search *search, struct error *err)
{
	const struct discover_options *options = search->options;

	if (search->is_ambiguous) {
		return error_set(err, -EINVAL,
				 "%s holds several releases of %s (%s): name one with --to",
				 options->local, options->product, search->shown);
	}
	if (search->name == NULL) {
		return error_set(err, -ENOENT, "there is no %s-%s-linux-%s.tar.{zst,xz,gz} in %s",
				 options->product,
				 search->wanted.text[0] != '\0' ? search->wanted.text : "VERSION",
				 release_machine(), options->local);
	}
	return 0;
}

/* What a signature beside the sums may be called, in the order of looking; the first also names the
 * one that is missed when there is none. */
static const char *const signature_names[] = {"SHA256SUMS.sig", "SHA256SUMS.minisig",
					      "SHA256SUMS.sigstore.json"};

static char *find_signature(const char *path)
{
	for (size_t i = 0; i < sizeof(signature_names) / sizeof(signature_names[0]); i++) {
		char *signature = url_sibling(path, signature_names[i]);

		if (signature == NULL || access(signature, F_OK) == 0) {
			return signature;
		}
		free(signature);
	}
	return url_sibling(path, signature_names[0]);
}

/* The release whose tarball is at path (taken over), with its sums beside it. */
static int describe(char *path, const struct version *version, struct release *ret,
		    struct error *err)
{
	struct release release = {
		.version = *version,
		.tarball = path,
		.sums = url_sibling(path, "SHA256SUMS"),
		.signature = find_signature(path),
	};

	if (path == NULL || release.sums == NULL || release.signature == NULL) {
		release_finish(&release);
		return error_no_memory(err);
	}
	*ret = release;
	return 0;
}

static int find_in_directory(struct search *search, struct release *ret, struct error *err)
{
	int rc = scan(search, err);

	if (rc == 0) {
		rc = check_found(search, err);
	}
	if (rc == 0) {
		rc = describe(path_join(search->options->local, search->name), &search->version,
			      ret, err);
	}
	free(search->name);
	return rc;
}

static int describe_tarball(const struct search *search, struct release *ret, struct error *err)
{
	const struct discover_options *options = search->options;
	const char *name = path_name(options->local);
	struct version version;

	if (tarball_version(name, options->product, release_machine(), &version) < 0) {
		return error_set(
			err, -EINVAL,
			"%s is not called %s-VERSION-linux-%s.tar.{zst,xz,gz}, so it is no "
			"release of %s for this machine",
			options->local, options->product, release_machine(), options->product);
	}
	if (search->wanted.text[0] != '\0' && strcmp(search->wanted.text, version.text) != 0) {
		return error_set(err, -EINVAL, "%s is version %s, but --to asks for %s",
				 options->local, version.text, search->wanted.text);
	}
	return describe(strdup(options->local), &version, ret, err);
}

int local_find(const struct discover_options *options, struct release *ret, struct error *err)
{
	struct search search = {.options = options};
	struct stat st;

	if (options->to != NULL) {
		int rc = version_parse(options->to, &search.wanted, err);

		if (rc < 0) {
			return rc;
		}
	}
	if (stat(options->local, &st) < 0) {
		return error_set(err, -errno, "cannot look at the release %s: %s", options->local,
				 strerror(errno));
	}
	return S_ISDIR(st.st_mode) ? find_in_directory(&search, ret, err)
				   : describe_tarball(&search, ret, err);
}
