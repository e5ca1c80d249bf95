/*
 * digest.h - SHA-256 through OpenSSL's EVP (FIPS 180-4).
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DIGEST_SIZE     32
#define DIGEST_HEX_SIZE 65 /* with the NUL */

struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

/* A hash that is fed piece by piece. */
struct hasher {
	void *context; /* EVP_MD_CTX */
};
#define auto_hasher __attribute__((cleanup(hasher_finish)))

MUST_CHECK int hasher_init(struct hasher *hasher, struct error *err);
void hasher_finish(struct hasher *hasher);
MUST_CHECK int hasher_add(struct hasher *hasher, const void *bytes, size_t length,
			  struct error *err);
MUST_CHECK int hasher_result(struct hasher *hasher, struct digest *ret, struct error *err);

/* The hash of everything in fd, from offset 0 on; the descriptor's own offset is not used.
 * *ret_size (may be NULL) is the number of bytes. */
MUST_CHECK int digest_fd(int fd, const char *name, struct digest *ret, uint64_t *ret_size,
			 struct error *err);
/* The same of a regular file; a final symlink is an error. */
MUST_CHECK int digest_path(const char *path, struct digest *ret, struct error *err);

/* 64 hexadecimal digits of either case: 0 or -EINVAL. */
MUST_CHECK int digest_parse(const char *hex, size_t length, struct digest *ret);
const char *digest_text(const struct digest *digest, char text[DIGEST_HEX_SIZE]);

#endif
