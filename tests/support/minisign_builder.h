/*
 * minisign_builder.h - keys and signatures as minisign writes them, and as it would not.
 *
 * A failure in here ends the test.
 */
#ifndef SUPPORT_MINISIGN_BUILDER_H
#define SUPPORT_MINISIGN_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key pair, new for every test. */
struct minisign_pair {
	void *handle; /* EVP_PKEY */
	uint8_t id[8];
};

struct minisign_pair minisign_pair_make(void);
void minisign_pair_free(struct minisign_pair *pair);

/* The public half, as a text that the caller frees, or to a new file. */
char *minisign_pair_public(const struct minisign_pair *pair);
void minisign_pair_publish(const struct minisign_pair *pair, const char *path);

/* How a signature is to differ from a good one. */
struct minisign_options {
	const char *comment; /* trusted; "a release" when NULL */
	bool legacy;         /* "Ed": over the document itself */
	bool foreign_global; /* the comment is signed by somebody else */
};

/* The content of a .minisig over these bytes. The caller frees it. */
char *minisign_sign(const struct minisign_pair *pair, const struct minisign_options *options,
		    const void *bytes, size_t length);

#endif
