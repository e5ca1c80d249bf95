/*
 * minisign.h - public keys and signatures as minisign(1) writes them: Ed25519 over BLAKE2b-512 of
 * the document, with a comment that is signed along.
 *
 * Only the prehashed form ("ED", minisign's default since 0.10) is accepted. The old one ("Ed",
 * also signify's) signs the document itself, and a key that signs both hashes and documents could
 * be shown one for the other.
 * Source: https://jedisct1.github.io/minisign/, "Signature format" and "Public key format".
 */
#ifndef RELEASE_MINISIGN_H
#define RELEASE_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MINISIGN_ID_SIZE        8
#define MINISIGN_KEY_SIZE       32
#define MINISIGN_SIGNATURE_SIZE 64

/* minisign's own maxima, in bytes. */
#define MINISIGN_UNTRUSTED_MAX 1024
#define MINISIGN_COMMENT_MAX   8192

struct minisign_key {
	uint8_t id[MINISIGN_ID_SIZE];
	uint8_t bytes[MINISIGN_KEY_SIZE];
};

struct minisign_signature {
	uint8_t id[MINISIGN_ID_SIZE];
	uint8_t bytes[MINISIGN_SIGNATURE_SIZE];
	uint8_t global[MINISIGN_SIGNATURE_SIZE]; /* over bytes and comment */
	char comment[MINISIGN_COMMENT_MAX + 1];  /* as signed: not fit for a terminal */
};

/* Does text begin as minisign's files do? */
bool minisign_is(const char *text, size_t length);

/* The content of a minisign.pub: a comment, a key, one line end at most behind it. -EINVAL. */
MUST_CHECK int minisign_key_parse(const char *text, size_t length, struct minisign_key *ret,
				  struct error *err);

/* The content of a .minisig: four lines. -EBADMSG. */
MUST_CHECK int minisign_parse(const char *text, size_t length, struct minisign_signature *ret,
			      struct error *err);

/* 0: key signed these bytes and the comment; -EKEYREJECTED: it did not; -EIO: no way to know. */
MUST_CHECK int minisign_check(const struct minisign_signature *signature,
			      const struct minisign_key *key, const void *bytes, size_t length,
			      struct error *err);

/* "ACC4B331D6E33B8A", as minisign names a key. */
#define MINISIGN_ID_TEXT_MAX (2 * MINISIGN_ID_SIZE + 1)
const char *minisign_id_text(const uint8_t id[MINISIGN_ID_SIZE], char text[MINISIGN_ID_TEXT_MAX]);

#endif
