/*
 * bundle.h - the signature in a bundle that cosign wrote: JSON around it, in two generations.
 *
 * Certificates, keys, log entries and time stamps in there are not looked at: whatever a bundle
 * brings along, it is a key of this host that has to have signed.
 * Source: sigstore/protobuf-specs, sigstore_bundle.proto and sigstore_common.proto.
 */
#ifndef RELEASE_BUNDLE_H
#define RELEASE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"

#define BUNDLE_SIGNATURE_MAX 128 /* characters of base64; a signature on P-256 has 96 */

struct bundle {
	char signature[BUNDLE_SIGNATURE_MAX + 1]; /* base64 */
	bool has_digest;
	struct digest digest; /* of the document it says to be about */
};

/*
 * {"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":…},"signature":…}} or, of
 * cosign before 3, {"base64Signature":…}. -EBADMSG: neither, or both.
 */
MUST_CHECK int bundle_parse(const char *bytes, size_t length, struct bundle *ret,
			    struct error *err);

#endif
