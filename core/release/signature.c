/*
 * signature.c - signature.h on libcrypto's EVP. Anything but a plain 1 from it is a refusal.
 */
#include "release/signature.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/limits.h"
#include "release/base64.h"

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

int signature_parse(const char *bytes, size_t length, struct signature *ret, struct error *err)
{
	struct signature signature = {0};
	int rc = base64_decode(bytes, without_line_end(bytes, length), signature.der,
			       sizeof(signature.der), &signature.length);

	if (rc == -EINVAL) {
		return error_set(
			err, -EBADMSG,
			"this is not base64 on one line (one line end at most may follow)");
	}
	if (rc < 0 || signature.length < SIGNATURE_MIN) {
		return error_set(err, -EBADMSG,
				 "this has not the %d to %d bytes of an ECDSA P-256 signature",
				 SIGNATURE_MIN, SIGNATURE_MAX);
	}
	*ret = signature;
	return 0;
}

/* A file with two keys would look as if both counted; libcrypto reads the first. */
static int check_blocks(const char *pem, size_t length, struct error *err)
{
	const char *first = memmem(pem, length, pem_begin, sizeof(pem_begin) - 1);

	if (first == NULL) {
		return error_set(err, -EINVAL, "there is no PEM block '%s' in it", pem_public);
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

int public_key_parse(const char *pem, size_t length, struct public_key *ret, struct error *err)
{
	if (length > LIMIT_PUBLIC_KEY) {
		return error_set(err, -EINVAL, "it is larger than a key could be");
	}
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
		PEM_read_bio_PUBKEY(memory, NULL, NULL, passphrase)};

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

void public_key_finish(struct public_key *key)
{
	EVP_PKEY_free(key->handle);
	key->handle = NULL;
}

int signature_check(const struct signature *signature, const struct public_key *key,
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
