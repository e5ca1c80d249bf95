/*
 * signature.h - one detached signature and the public keys that could have made it.
 *
 * The format is that of "cosign sign-blob --key": base64 of the DER form of an ECDSA signature on
 * P-256 over the SHA-256 of the document's raw bytes. A signature proves who signed and nothing
 * else: (r, n-s) verifies as well as (r, s), so its bytes are nobody's identity.
 */
#ifndef RELEASE_SIGNATURE_H
#define RELEASE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* SEQUENCE { INTEGER r, INTEGER s }, both 1 to 33 bytes. */
#define SIGNATURE_MIN 8
#define SIGNATURE_MAX 72

struct signature {
	uint8_t der[SIGNATURE_MAX];
	size_t length;
};

struct public_key {
	void *handle; /* EVP_PKEY */
};
#define auto_public_key __attribute__((cleanup(public_key_finish)))

/* The content of a .sig file; one line end behind it is allowed. -EBADMSG says what is wrong. */
MUST_CHECK int signature_parse(const char *bytes, size_t length, struct signature *ret,
			       struct error *err);

/* One PEM block "PUBLIC KEY" (RFC 7468 section 13) with a key on P-256, any text around it.
 * -EINVAL: none, several, or another kind of key. */
MUST_CHECK int public_key_parse(const char *pem, size_t length, struct public_key *ret,
				struct error *err);
void public_key_finish(struct public_key *key);

/* 0: key signed these bytes; -EKEYREJECTED: it did not. */
MUST_CHECK int signature_check(const struct signature *signature, const struct public_key *key,
			       const void *bytes, size_t length, struct error *err);

#endif
