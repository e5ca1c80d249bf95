/*
 * verify.c - verify.h: keys, then the signature, and only then a look into what was signed.
 *
 * The order is the point: sums_parse() and release_json_parse() never see a byte that no trusted
 * key signed.
 */
#include "release/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/limits.h"
#include "release/discover.h"
#include "release/fetch.h"
#include "release/keys.h"
#include "release/release_json.h"
#include "release/sums.h"
#include "release/tarball.h"
#include "release/url.h"

static const char details_name[] = "release.json";

/* Bytes of a signer's comment that are shown. */
#define COMMENT_SHOWN_MAX 200

static int read_signature(struct fetcher *fetcher, const char *url, struct signature *ret,
			  struct error *err)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_SIGNATURE);
	int rc = fetch_document(fetcher, url, &bytes, err);

	if (rc < 0) {
		return error_prefix(err, "cannot read the signature");
	}
	rc = signature_parse(buffer_text(&bytes), bytes.length, ret, err);
	return rc < 0 ? error_prefix(err, "the signature %s cannot be used", url) : 0;
}

/* Who signed, and what was said along with it. */
static int note_signer(const struct key *signer, const struct signature *signature,
		       struct release *facts, struct error *err)
{
	const char *comment = signature_comment(signature);

	facts->key = strdup(signer->name);
	facts->comment = comment[0] != '\0' ? strndup(comment, COMMENT_SHOWN_MAX) : NULL;
	if (facts->key == NULL || (comment[0] != '\0' && facts->comment == NULL)) {
		return error_no_memory(err);
	}
	if (facts->comment != NULL) {
		text_sanitize(facts->comment);
	}
	return 0;
}

/* The sums' bytes, once a trusted key is known to have signed them. */
static int read_signed_sums(const struct verify_options *options, const struct release *release,
			    struct buffer *sums, struct release *facts, struct error *err)
{
	char maker[SIGNATURE_TEXT_MAX];
	auto_key_list struct key_list keys = {0};
	struct signature signature;
	const struct key *signer = NULL;
	int rc = key_list_load(options->keys, options->check_trust, &keys, err);

	if (rc < 0) {
		return rc;
	}
	rc = fetch_document(options->fetcher, release->sums, sums, err);
	if (rc < 0) {
		return error_prefix(err, "cannot read the checksums");
	}
	rc = read_signature(options->fetcher, release->signature, &signature, err);
	if (rc < 0) {
		return rc;
	}
	rc = key_list_check(&keys, &signature, buffer_text(sums), sums->length, &signer, err);
	if (rc == -EKEYREJECTED) {
		return error_set(err, rc,
				 "%s is not signed by a key in %s (%zu tried, it is by %s): it was "
				 "changed, or the publisher signs with another key",
				 release->sums, options->keys, keys.count,
				 signature_text(&signature, maker));
	}
	if (rc < 0) {
		return error_prefix(err, "cannot verify %s", release->sums);
	}
	return note_signer(signer, &signature, facts, err);
}

/* The claimed version becomes a fact here: its archive's name is in the signed sums. */
static int find_tarball(const struct verify_options *options, const struct release *release,
			const struct sums *sums, char **ret_name, struct digest *ret_digest,
			struct error *err)
{
	char pattern[TARBALL_PATTERN_MAX];
	auto_free char *name = NULL;
	int rc = url_name(release->tarball, &name, err);

	if (rc < 0) {
		return rc;
	}
	(void)tarball_pattern(options->product, &release->version, release_machine(), pattern);
	if (!tarball_is(name, options->product, &release->version, release_machine())) {
		return error_set(err, -EBADMSG,
				 "the tarball of %s %s for this machine is called %s, but %s was "
				 "named",
				 options->product, release->version.text, pattern,
				 release->tarball);
	}
	const struct digest *digest = sums_find(sums, name);

	if (digest == NULL) {
		return error_set(err, -ENOENT,
				 "%s does not list %s: the signed release is not %s %s for this "
				 "machine",
				 release->sums, name, options->product, release->version.text);
	}
	*ret_digest = *digest;
	*ret_name = take_pointer(&name);
	return 0;
}

static int check_digest(const struct buffer *bytes, const struct digest *expected, const char *url,
			struct error *err)
{
	auto_hasher struct hasher hasher = {0};
	struct digest found;
	int rc = hasher_init(&hasher, err);

	if (rc == 0) {
		rc = hasher_add(&hasher, buffer_text(bytes), bytes->length, err);
	}
	if (rc == 0) {
		rc = hasher_result(&hasher, &found, err);
	}
	if (rc == 0 && memcmp(found.bytes, expected->bytes, DIGEST_SIZE) != 0) {
		rc = error_set(err, -EBADMSG,
			       "%s is not the file that was signed: its SHA-256 differs from the "
			       "one in the sums",
			       url);
	}
	return rc;
}

static int read_details(const struct verify_options *options, const struct release *release,
			const struct digest *digest, struct release *facts, struct error *err)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_RELEASE_JSON);

	facts->details = url_sibling(release->sums, details_name);
	if (facts->details == NULL) {
		return error_no_memory(err);
	}
	int rc = fetch_document(options->fetcher, facts->details, &bytes, err);

	if (rc < 0) {
		return error_prefix(err, "cannot read what the signed sums name");
	}
	rc = check_digest(&bytes, digest, facts->details, err);
	if (rc < 0) {
		return rc;
	}
	rc = release_json_parse(buffer_text(&bytes), bytes.length, options->product,
				&release->version, facts, err);
	if (rc < 0) {
		text_sanitize(err->text);
		return error_prefix(err, "%s cannot be used", facts->details);
	}
	return 0;
}

static int gather(const struct verify_options *options, const struct release *release,
		  struct release *facts, struct error *err)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_SUMS);
	auto_sums struct sums sums = {0};
	int rc = read_signed_sums(options, release, &bytes, facts, err);

	if (rc < 0) {
		return rc;
	}
	rc = sums_parse(buffer_text(&bytes), bytes.length, &sums, err);
	if (rc < 0) {
		text_sanitize(err->text);
		return error_prefix(err, "the checksums %s cannot be used", release->sums);
	}
	rc = find_tarball(options, release, &sums, &facts->tarball_name, &facts->tarball_digest,
			  err);
	const struct digest *details = sums_find(&sums, details_name);

	if (rc < 0 || details == NULL) {
		return rc;
	}
	return read_details(options, release, details, facts, err);
}

/* Moves the signed part; what an earlier call left there is given back. */
static void take_facts(struct release *release, struct release *facts)
{
	struct release old = {
		.details = release->details,
		.tarball_name = release->tarball_name,
		.key = release->key,
		.comment = release->comment,
		.migrations = release->migrations,
		.migration_count = release->migration_count,
	};

	release->details = facts->details;
	release->tarball_name = facts->tarball_name;
	release->tarball_digest = facts->tarball_digest;
	release->key = facts->key;
	release->comment = facts->comment;
	release->migrations = facts->migrations;
	release->migration_count = facts->migration_count;
	release_finish(&old);
}

int release_verify(const struct verify_options *options, struct release *release, struct error *err)
{
	struct release facts = {0};
	int rc = gather(options, release, &facts, err);

	if (rc < 0) {
		release_finish(&facts);
		return rc;
	}
	take_facts(release, &facts);
	return 0;
}
