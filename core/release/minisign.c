/*
 * minisign.c - minisign.h: lines of text, then two signatures by libcrypto.
 */
#include "release/minisign.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "release/base64.h"

#define ALGORITHM_SIZE 2
#define HASH_SIZE      64 /* BLAKE2b-512 */

/* What is left to read, not terminated. */
struct span {
	const char *at;
	size_t length;
};

static const char untrusted[] = "untrusted comment:";
static const char trusted[] = "trusted comment: ";

bool minisign_is(const char *text, size_t length)
{
	size_t head = sizeof(untrusted) - 1;

	return length >= head && memcmp(text, untrusted, head) == 0;
}

/* Takes a line off text, without its LF or CRLF; only the last one may lack it. */
static struct span take_line(struct span *text)
{
	const char *end = text->length > 0 ? memchr(text->at, '\n', text->length) : NULL;
	struct span line = {text->at, end != NULL ? (size_t)(end - text->at) : text->length};
	size_t used = line.length + (end != NULL ? 1 : 0);

	if (end != NULL && line.length > 0 && line.at[line.length - 1] == '\r') {
		line.length--;
	}
	text->at += used;
	text->length -= used;
	return line;
}

static bool take_untrusted(struct span *text)
{
	struct span line = take_line(text);

	return minisign_is(line.at, line.length) && line.length <= MINISIGN_UNTRUSTED_MAX;
}

/* A line of base64 that holds exactly size bytes. */
static bool take_bytes(struct span *text, uint8_t *bytes, size_t size)
{
	struct span line = take_line(text);
	size_t length = 0;

	return base64_decode(line.at, line.length, bytes, size, &length) == 0 && length == size;
}

static bool take_comment(struct span *text, char comment[MINISIGN_COMMENT_MAX + 1])
{
	struct span line = take_line(text);
	size_t head = sizeof(trusted) - 1;

	if (line.length < head || line.length - head > MINISIGN_COMMENT_MAX ||
	    memcmp(line.at, trusted, head) != 0 || memchr(line.at, '\0', line.length) != NULL) {
		return false;
	}
	memcpy(comment, line.at + head, line.length - head);
	comment[line.length - head] = '\0';
	return true;
}

int minisign_key_parse(const char *text, size_t length, struct minisign_key *ret, struct error *err)
{
	struct span left = {text, length};
	uint8_t all[ALGORITHM_SIZE + MINISIGN_ID_SIZE + MINISIGN_KEY_SIZE];

	if (!take_untrusted(&left) || !take_bytes(&left, all, sizeof(all)) || left.length > 0 ||
	    memcmp(all, "Ed", ALGORITHM_SIZE) != 0) {
		return error_set(err, -EINVAL,
				 "it is not a minisign public key: a line 'untrusted comment:' "
				 "and a line with the key, no more");
	}
	memcpy(ret->id, all + ALGORITHM_SIZE, sizeof(ret->id));
	memcpy(ret->bytes, all + ALGORITHM_SIZE + sizeof(ret->id), sizeof(ret->bytes));
	return 0;
}

static int check_algorithm(const uint8_t *algorithm, struct error *err)
{
	if (memcmp(algorithm, "ED", ALGORITHM_SIZE) == 0) {
		return 0;
	}
	if (memcmp(algorithm, "Ed", ALGORITHM_SIZE) == 0) {
		return error_set(err, -EBADMSG,
				 "this is the old form of minisign, or signify's, which signs the "
				 "document instead of its hash: sign with minisign -H");
	}
	return error_set(err, -EBADMSG, "this is of a form that minisign does not have");
}

int minisign_parse(const char *text, size_t length, struct minisign_signature *ret,
		   struct error *err)
{
	struct span left = {text, length};
	struct minisign_signature signature;
	uint8_t all[ALGORITHM_SIZE + MINISIGN_ID_SIZE + MINISIGN_SIGNATURE_SIZE];

	if (!take_untrusted(&left) || !take_bytes(&left, all, sizeof(all))) {
		return error_set(err, -EBADMSG,
				 "this is not a minisign signature: its first lines are not a "
				 "comment and %zu bytes in base64",
				 sizeof(all));
	}
	int rc = check_algorithm(all, err);

	if (rc < 0) {
		return rc;
	}
	memcpy(signature.id, all + ALGORITHM_SIZE, sizeof(signature.id));
	memcpy(signature.bytes, all + ALGORITHM_SIZE + sizeof(signature.id),
	       sizeof(signature.bytes));
	if (!take_comment(&left, signature.comment) ||
	    !take_bytes(&left, signature.global, sizeof(signature.global)) || left.length > 0) {
		return error_set(err, -EBADMSG,
				 "this is not a whole minisign signature: 'trusted comment:', its "
				 "signature, and nothing else have to follow");
	}
	*ret = signature;
	return 0;
}

/* Ed25519 (RFC 8032) through EVP; only a plain 1 is a yes. */
static bool verifies(EVP_PKEY *key, const uint8_t signature[MINISIGN_SIGNATURE_SIZE],
		     const void *bytes, size_t length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good =
		context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		EVP_DigestVerify(context, signature, MINISIGN_SIGNATURE_SIZE, bytes, length) == 1;

	EVP_MD_CTX_free(context);
	return is_good;
}

static bool verifies_both(EVP_PKEY *key, const struct minisign_signature *signature,
			  const uint8_t hash[HASH_SIZE])
{
	uint8_t global[MINISIGN_SIGNATURE_SIZE + MINISIGN_COMMENT_MAX];
	size_t comment = strlen(signature->comment);

	memcpy(global, signature->bytes, sizeof(signature->bytes));
	memcpy(global + sizeof(signature->bytes), signature->comment, comment);
	return verifies(key, signature->bytes, hash, HASH_SIZE) &&
	       verifies(key, signature->global, global, sizeof(signature->bytes) + comment);
}

int minisign_check(const struct minisign_signature *signature, const struct minisign_key *key,
		   const void *bytes, size_t length, struct error *err)
{
	uint8_t hash[HASH_SIZE];

	if (memcmp(signature->id, key->id, sizeof(key->id)) != 0) {
		return error_set(err, -EKEYREJECTED, "it was made by another key");
	}
	EVP_PKEY *public =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, sizeof(key->bytes));
	bool is_able = public != NULL &&
		       EVP_Digest(bytes, length, hash, NULL, EVP_blake2b512(), NULL) == 1;
	bool is_good = is_able && verifies_both(public, signature, hash);

	EVP_PKEY_free(public);
	ERR_clear_error();
	if (!is_able) {
		return error_set(err, -EIO, "libcrypto has no Ed25519 or BLAKE2b here");
	}
	return is_good ? 0 : error_set(err, -EKEYREJECTED, "this key did not sign it");
}

const char *minisign_id_text(const uint8_t id[MINISIGN_ID_SIZE], char text[MINISIGN_ID_TEXT_MAX])
{
	/* A number, the least significant byte first. */
	for (size_t i = 0; i < MINISIGN_ID_SIZE; i++) {
		(void)snprintf(text + 2 * i, 3, "%02X", id[MINISIGN_ID_SIZE - 1 - i]);
	}
	return text;
}
