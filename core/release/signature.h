/*
 * signature.h - one detached signature and the public keys that could have made it.
 *
 * Two kinds of keys: ECDSA on P-256 in PEM, and minisign's (minisign.h). An ECDSA signature is over
 * the SHA-256 of the document's raw bytes, as base64 of its DER form ("cosign sign-blob --key"), or
 * that in a bundle (bundle.h). A signature proves who signed and nothing else: (r, n-s) verifies as
 * well as (r, s), so its bytes are nobody's identity.
 */
#ifndef RELEASE_SIGNATURE_H
#define RELEASE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "release/minisign.h"

/* SEQUENCE { INTEGER r, INTEGER s }, both 1 to 33 bytes. */
#define SIGNATURE_MIN 8
#define SIGNATURE_MAX 72

enum signature_kind {
	SIGNATURE_ECDSA,
	SIGNATURE_MINISIGN,
};

struct signature {
	enum signature_kind kind;
	uint8_t der[SIGNATURE_MAX];
	size_t length;
	bool has_digest; /* a bundle says what it is about */
	struct digest digest;
	struct minisign_signature minisign;
};

struct public_key {
	enum signature_kind kind;
	void *handle; /* EVP_PKEY */
	struct minisign_key minisign;
};
#define auto_public_key __attribute__((cleanup(public_key_finish)))

/*
 * The content of a signature document: minisign's when it begins with "untrusted comment:", a
 * bundle when with '{', else base64, behind which one line end is allowed. -EBADMSG says what is
 * wrong.
 */
MUST_CHECK int signature_parse(const char *bytes, size_t length, struct signature *ret,
			       struct error *err);

/* What a minisign signature says beside, not fit for a terminal; "" for other kinds. */
const char *signature_comment(const struct signature *signature);

/* "ECDSA", "minisign key ACC4B331D6E33B8A": by what it was made, for sentences. */
#define SIGNATURE_TEXT_MAX 64
const char *signature_text(const struct signature *signature, char text[SIGNATURE_TEXT_MAX]);

/*
 * minisign's public key when the text begins with "untrusted comment:"; else one PEM block "PUBLIC
 * KEY" (RFC 7468 section 13) with a key on P-256, any text around it. -EINVAL: none, several, or
 * another kind of key.
 */
MUST_CHECK int public_key_parse(const char *text, size_t length, struct public_key *ret,
				struct error *err);
void public_key_finish(struct public_key *key);

/* 0: key signed these bytes; -EKEYREJECTED: it did not, or the bundle is about other bytes. */
MUST_CHECK int signature_check(const struct signature *signature, const struct public_key *key,
			       const void *bytes, size_t length, struct error *err);

#endif
