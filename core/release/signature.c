/*
 * signature.c - signature.h on libcrypto's EVP. Anything but a plain 1 from it is a refusal.
 */
#include "release/signature.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "release/base64.h"
#include "release/bundle.h"

static const char pem_begin[] = "-----BEGIN ";
static const char pem_public[] = "-----BEGIN PUBLIC KEY-----";

/* Length without one LF or CRLF at the end. */
static size_t without_line_end(const char *bytes, size_t length)
{
	if (length > 0 && bytes[length - 1] == '\n') {
		length--;
		if (length > 0 && bytes[length - 1] == '\r') {
			length--;
		}
	}
	return length;
}

static int decode_der(const char *text, size_t length, struct signature *signature,
		      struct error *err)
{
	int rc = base64_decode(text, length, signature->der, sizeof(signature->der),
			       &signature->length);

	if (rc == -EINVAL) {
		return error_set(
			err, -EBADMSG,
			"this is not base64 on one line (one line end at most may follow)");
	}
	if (rc < 0 || signature->length < SIGNATURE_MIN) {
		return error_set(err, -EBADMSG,
				 "this has not the %d to %d bytes of an ECDSA P-256 signature",
				 SIGNATURE_MIN, SIGNATURE_MAX);
	}
	return 0;
}

static int read_bundle(const char *bytes, size_t length, struct signature *signature,
		       struct error *err)
{
	struct bundle bundle;
	int rc = bundle_parse(bytes, length, &bundle, err);

	if (rc < 0) {
		return error_prefix(err, "this is not a bundle to be used");
	}
	signature->has_digest = bundle.has_digest;
	signature->digest = bundle.digest;
	return decode_der(bundle.signature, strlen(bundle.signature), signature, err);
}

int signature_parse(const char *bytes, size_t length, struct signature *ret, struct error *err)
{
	struct signature signature = {.kind = SIGNATURE_ECDSA};
	int rc = 0;

	if (minisign_is(bytes, length)) {
		signature.kind = SIGNATURE_MINISIGN;
		rc = minisign_parse(bytes, length, &signature.minisign, err);
	} else if (length > 0 && bytes[0] == '{') {
		rc = read_bundle(bytes, length, &signature, err);
	} else {
		rc = decode_der(bytes, without_line_end(bytes, length), &signature, err);
	}
	if (rc == 0) {
		*ret = signature;
	}
	return rc;
}

const char *signature_comment(const struct signature *signature)
{
	return signature->kind == SIGNATURE_MINISIGN ? signature->minisign.comment : "";
}

const char *signature_text(const struct signature *signature, char text[SIGNATURE_TEXT_MAX])
{
	char id[MINISIGN_ID_TEXT_MAX];

	if (signature->kind == SIGNATURE_MINISIGN) {
		(void)snprintf(text, SIGNATURE_TEXT_MAX, "minisign key %s",
			       minisign_id_text(signature->minisign.id, id));
	} else {
		(void)snprintf(text, SIGNATURE_TEXT_MAX, "an ECDSA key");
	}
	return text;
}

/* A file with two keys would look as if both counted; libcrypto reads the first. */
static int check_blocks(const char *pem, size_t length, struct error *err)
{
	const char *first = memmem(pem, length, pem_begin, sizeof(pem_begin) - 1);

	if (first == NULL) {
		return error_set(err, -EINVAL,
				 "it neither holds a PEM block '%s' nor begins with 'untrusted "
				 "comment:'",
				 pem_public);
	}
	size_t left = length - (size_t)(first - pem);

	if (left < sizeof(pem_public) || memcmp(first, pem_public, sizeof(pem_public) - 1) != 0) {
		return error_set(err, -EINVAL, "its PEM block is not a PUBLIC KEY");
	}
	if (memmem(first + 1, left - 1, pem_begin, sizeof(pem_begin) - 1) != NULL) {
		return error_set(err, -EINVAL, "it holds more than one key: one file for each");
	}
	return 0;
}

static int check_curve(EVP_PKEY *key, struct error *err)
{
	char group[32] = "";
	size_t length = 0;

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &length) != 1 ||
	    strcmp(group, "prime256v1") != 0) {
		return error_set(err, -EINVAL, "it is not an ECDSA key on P-256 (prime256v1)");
	}
	return 0;
}

static int parse_pem(const char *pem, size_t length, struct public_key *ret, struct error *err)
{
	int rc = check_blocks(pem, length, err);

	if (rc < 0) {
		return rc;
	}
	BIO *memory = BIO_new_mem_buf(pem, (int)length);

	if (memory == NULL) {
		return error_no_memory(err);
	}
	/* Given, so that libcrypto never asks for one on the terminal. */
	char passphrase[] = "";
	auto_public_key struct public_key key = {
		.handle = PEM_read_bio_PUBKEY(memory, NULL, NULL, passphrase)};

	(void)BIO_free(memory);
	ERR_clear_error();
	if (key.handle == NULL) {
		return error_set(err, -EINVAL, "its PEM block does not decode to a public key");
	}
	rc = check_curve(key.handle, err);
	ERR_clear_error();
	if (rc < 0) {
		return rc;
	}
	*ret = key;
	key.handle = NULL;
	return 0;
}

int public_key_parse(const char *text, size_t length, struct public_key *ret, struct error *err)
{
	struct public_key key = {.kind = SIGNATURE_MINISIGN};

	if (length > LIMIT_PUBLIC_KEY) {
		return error_set(err, -EINVAL, "it is larger than a key could be");
	}
	if (!minisign_is(text, length)) {
		return parse_pem(text, length, ret, err);
	}
	int rc = minisign_key_parse(text, length, &key.minisign, err);

	if (rc == 0) {
		*ret = key;
	}
	return rc;
}

void public_key_finish(struct public_key *key)
{
	EVP_PKEY_free(key->handle);
	key->handle = NULL;
}

static int check_digest(const struct digest *digest, const void *bytes, size_t length,
			struct error *err)
{
	struct digest found;

	if (EVP_Digest(bytes, length, found.bytes, NULL, EVP_sha256(), NULL) != 1) {
		ERR_clear_error();
		return error_no_memory(err);
	}
	if (memcmp(found.bytes, digest->bytes, DIGEST_SIZE) != 0) {
		return error_set(err, -EKEYREJECTED, "its bundle is about another document");
	}
	return 0;
}

static int check_ecdsa(const struct signature *signature, const struct public_key *key,
		       const void *bytes, size_t length, struct error *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (context == NULL) {
		return error_no_memory(err);
	}
	/* 0 is a wrong signature, a negative value a malformed one, 1 the only yes. */
	int verdict = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->handle);

	if (verdict == 1) {
		verdict =
			EVP_DigestVerify(context, signature->der, signature->length, bytes, length);
	}
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	if (verdict != 1) {
		return error_set(err, -EKEYREJECTED, "this key did not sign it");
	}
	return 0;
}

int signature_check(const struct signature *signature, const struct public_key *key,
		    const void *bytes, size_t length, struct error *err)
{
	if (signature->kind != key->kind) {
		return error_set(err, -EKEYREJECTED, "it was made by a key of another kind");
	}
	if (signature->kind == SIGNATURE_MINISIGN) {
		return minisign_check(&signature->minisign, &key->minisign, bytes, length, err);
	}
	int rc = signature->has_digest ? check_digest(&signature->digest, bytes, length, err) : 0;

	return rc == 0 ? check_ecdsa(signature, key, bytes, length, err) : rc;
}
