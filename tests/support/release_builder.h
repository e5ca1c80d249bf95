/*
 * release_builder.h - a signed release in one call: tarball, SHA256SUMS, SHA256SUMS.sig,
 * release.json and manifest.json in one directory, with file:// URLs.
 *
 * Everything can be replaced by something broken; what is replaced is still hashed and signed, so
 * that only the thing under test is wrong. A failure in here ends the test.
 */
#ifndef SUPPORT_RELEASE_BUILDER_H
#define SUPPORT_RELEASE_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "support/tar_builder.h"

/* A key pair, new for every test. */
struct signing_key {
	void *handle; /* EVP_PKEY */
};

struct signing_key signing_key_make(void);                 /* P-256 */
struct signing_key signing_key_make_on(const char *curve); /* "P-384", … */
void signing_key_free(struct signing_key *key);
/* The public half as PEM, to a new file. */
void signing_key_publish(const struct signing_key *key, const char *path);
/* Base64 of the DER signature over SHA-256, without a line end. The caller frees it. */
char *signing_key_sign(const struct signing_key *key, const void *bytes, size_t length);
char *base64_of(const void *bytes, size_t length);

/* One file in the tarball. */
struct release_file {
	const char *name;
	const char *text; /* content, unless bytes is set */
	const void *bytes;
	size_t length;
	const char *path; /* content from this file instead */
};

struct release_spec {
	const char *directory; /* exists; everything goes there */
	const char *product;   /* "banger" when NULL */
	const char *version;
	const char *machine; /* this one when NULL */
	const char *suffix;  /* "zst" when NULL; "gz", "xz" */
	const struct release_file *files;
	size_t file_count;
	const struct signing_key *key;

	const char *migrations;   /* {"state":[1,2]}: writes release.json; NULL: none */
	const char *release_json; /* the whole document instead */

	/* To break things: */
	const struct bytes *tarball; /* compressed bytes instead of files */
	const char *tarball_name;    /* instead of PRODUCT-VERSION-linux-MACHINE.tar.SUFFIX */
	const char *sums;            /* SHA256SUMS as a whole */
	const char *more_sums;       /* put behind its lines */
	const char *signature;       /* SHA256SUMS.sig as a whole */
	const char *signature_end;   /* behind the signature; "\n" when NULL */
	const char *manifest;        /* manifest.json as a whole */
};

/* Where everything is; release_built_free() gives it back, the files stay. */
struct release_built {
	char *tarball;
	char *sums;
	char *signature;
	char *details; /* release.json, written or not */
	char *manifest;
	char *manifest_url;
};

struct release_built release_build(const struct release_spec *spec);
void release_built_free(struct release_built *built);

/* manifest.json with several releases (built elsewhere), latest naming one of them. */
struct manifest_entry {
	const char *version;
	const struct release_built *built;
};
void manifest_write(const char *path, const char *latest, const struct manifest_entry *entries,
		    size_t count);

#endif
