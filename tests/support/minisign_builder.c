/*
 * minisign_builder.c - minisign_builder.h.
 */
#include "support/minisign_builder.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/release_builder.h"
#include "support/scratch.h"

#define SIGNATURE_SIZE 64
#define HASH_SIZE      64
#define COMMENT_MAX    ((size_t)16 << 10)

struct minisign_pair minisign_pair_make(void)
{
	struct minisign_pair pair = {.handle = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

	cr_assert_not_null(pair.handle);
	cr_assert_eq(RAND_bytes(pair.id, sizeof(pair.id)), 1);
	return pair;
}

void minisign_pair_free(struct minisign_pair *pair)
{
	EVP_PKEY_free(pair->handle);
	pair->handle = NULL;
}

/* Base64 of an algorithm, the pair's id and some bytes. */
static char *envelope(const struct minisign_pair *pair, const char *algorithm, const void *bytes,
		      size_t length)
{
	uint8_t all[2 + sizeof(pair->id) + SIGNATURE_SIZE];

	cr_assert_leq(length, SIGNATURE_SIZE);
	memcpy(all, algorithm, 2);
	memcpy(all + 2, pair->id, sizeof(pair->id));
	memcpy(all + 2 + sizeof(pair->id), bytes, length);
	return base64_of(all, 2 + sizeof(pair->id) + length);
}

char *minisign_pair_public(const struct minisign_pair *pair)
{
	uint8_t raw[32];
	size_t length = sizeof(raw);
	char *text = NULL;

	cr_assert_eq(EVP_PKEY_get_raw_public_key(pair->handle, raw, &length), 1);
	char *line = envelope(pair, "Ed", raw, length);

	cr_assert_gt(asprintf(&text, "untrusted comment: minisign public key\n%s\n", line), 0);
	free(line);
	return text;
}

void minisign_pair_publish(const struct minisign_pair *pair, const char *path)
{
	char *text = minisign_pair_public(pair);

	scratch_write(path, text);
	free(text);
}

static void sign_raw(const struct minisign_pair *pair, const void *bytes, size_t length,
		     uint8_t signature[SIGNATURE_SIZE])
{
	size_t size = SIGNATURE_SIZE;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	cr_assert_eq(EVP_DigestSignInit(context, NULL, NULL, NULL, pair->handle), 1);
	cr_assert_eq(EVP_DigestSign(context, signature, &size, bytes, length), 1);
	EVP_MD_CTX_free(context);
}

/* The second signature, which covers the first and the comment. */
static char *sign_comment(const struct minisign_pair *pair, const char *comment,
			  const uint8_t signature[SIGNATURE_SIZE])
{
	uint8_t all[SIGNATURE_SIZE + COMMENT_MAX];
	uint8_t global[SIGNATURE_SIZE];

	cr_assert_leq(strlen(comment), COMMENT_MAX);
	memcpy(all, signature, SIGNATURE_SIZE);
	memcpy(all + SIGNATURE_SIZE, comment, strlen(comment));
	sign_raw(pair, all, SIGNATURE_SIZE + strlen(comment), global);
	return base64_of(global, sizeof(global));
}

char *minisign_sign(const struct minisign_pair *pair, const struct minisign_options *options,
		    const void *bytes, size_t length)
{
	const char *comment = options->comment != NULL ? options->comment : "a release";
	struct minisign_pair stranger = minisign_pair_make();
	uint8_t hash[HASH_SIZE];
	uint8_t signature[SIGNATURE_SIZE];
	char *text = NULL;

	cr_assert_eq(EVP_Digest(bytes, length, hash, NULL, EVP_blake2b512(), NULL), 1);
	if (options->legacy) {
		sign_raw(pair, bytes, length, signature);
	} else {
		sign_raw(pair, hash, sizeof(hash), signature);
	}
	char *first = envelope(pair, options->legacy ? "Ed" : "ED", signature, sizeof(signature));
	char *second = sign_comment(options->foreign_global ? &stranger : pair, comment, signature);

	cr_assert_gt(asprintf(&text,
			      "untrusted comment: signature from minisign secret key\n%s\n"
			      "trusted comment: %s\n%s\n",
			      first, comment, second),
		     0);
	free(first);
	free(second);
	minisign_pair_free(&stranger);
	return text;
}
