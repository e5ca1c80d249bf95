/*
 * bundle.c - bundle.h on jansson.
 */
#include "release/bundle.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "release/base64.h"
#include "release/document.h"

static const char new_field[] = "messageSignature";
static const char old_field[] = "base64Signature";

static int take_signature(const char *text, struct bundle *bundle, struct error *err)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length == 0 || length > BUNDLE_SIGNATURE_MAX) {
		return error_set(err, -EBADMSG, "its signature is missing or too long");
	}
	memcpy(bundle->signature, text, length + 1);
	return 0;
}

static int take_digest(const json_t *message, struct bundle *bundle, struct error *err)
{
	const json_t *digest = json_object_get(message, "messageDigest");
	const char *algorithm = document_string(digest, "algorithm");
	const char *text = document_string(digest, "digest");
	size_t length = 0;

	if (algorithm == NULL || strcmp(algorithm, "SHA2_256") != 0) {
		return error_set(err, -EBADMSG, "its messageDigest is not a SHA2_256");
	}
	if (text == NULL ||
	    base64_decode(text, strlen(text), bundle->digest.bytes, DIGEST_SIZE, &length) < 0 ||
	    length != DIGEST_SIZE) {
		return error_set(err, -EBADMSG, "its messageDigest is not %d bytes in base64",
				 DIGEST_SIZE);
	}
	bundle->has_digest = true;
	return 0;
}

static int read_fields(const json_t *root, struct bundle *bundle, struct error *err)
{
	const json_t *message = json_object_get(root, new_field);
	const json_t *old = json_object_get(root, old_field);

	if ((message == NULL) == (old == NULL)) {
		return error_set(err, -EBADMSG,
				 "it does not hold exactly one of %s and %s: it is no bundle of "
				 "'cosign sign-blob'",
				 new_field, old_field);
	}
	if (old != NULL) {
		return take_signature(document_string(root, old_field), bundle, err);
	}
	int rc = take_digest(message, bundle, err);

	return rc == 0 ? take_signature(document_string(message, "signature"), bundle, err) : rc;
}

int bundle_parse(const char *bytes, size_t length, struct bundle *ret, struct error *err)
{
	json_error_t where;
	json_auto_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);
	struct bundle bundle = {0};

	if (root == NULL && json_error_code(&where) == json_error_out_of_memory) {
		return error_no_memory(err);
	}
	if (root == NULL) {
		text_sanitize(where.text);
		return error_set(err, -EBADMSG, "line %d, column %d: %s", where.line, where.column,
				 where.text);
	}
	int rc = read_fields(root, &bundle, err);

	if (rc == 0) {
		*ret = bundle;
	}
	return rc;
}
