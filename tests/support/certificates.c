/*
 * certificates.c - certificates.h with libcrypto.
 */
#include "support/certificates.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define A_DAY (24L * 60 * 60)

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);

	cr_assert_not_null(extension, "%s", value);
	cr_assert_eq(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *make(EVP_PKEY *key, const char *name, long from, long until)
{
	static long serial;
	X509 *certificate = X509_new();

	cr_assert_not_null(certificate);
	cr_assert_eq(X509_set_version(certificate, 2), 1);
	cr_assert_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial), 1);
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notBefore(certificate), from));
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notAfter(certificate), until));
	cr_assert_eq(X509_set_pubkey(certificate, key), 1);
	cr_assert_eq(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
						MBSTRING_ASC, (const unsigned char *)name, -1, -1,
						0),
		     1);
	return certificate;
}

static void write_certificate(const char *path, X509 *certificate)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file, "cannot write %s", path);
	cr_assert_eq(PEM_write_X509(file, certificate), 1);
	cr_assert_eq(fclose(file), 0);
}

static void write_key(const char *path, EVP_PKEY *key)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file, "cannot write %s", path);
	cr_assert_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	cr_assert_eq(fclose(file), 0);
}

struct authority authority_make(const char *name, const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = make(key, name, -A_DAY, A_DAY);

	cr_assert_eq(X509_set_issuer_name(certificate, X509_get_subject_name(certificate)), 1);
	add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign");
	add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
	cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	write_certificate(path, certificate);
	return (struct authority){key, certificate};
}

void authority_free(struct authority *authority)
{
	EVP_PKEY_free(authority->key);
	X509_free(authority->certificate);
	*authority = (struct authority){0};
}

void authority_issue(const struct authority *authority, const char *names, long from, long until,
		     const char *certificate_path, const char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = make(key, "a server for tests", from, until);

	cr_assert_eq(X509_set_issuer_name(certificate,
					  X509_get_subject_name(authority->certificate)),
		     1);
	add_extension(certificate, authority->certificate, NID_subject_alt_name, names);
	add_extension(certificate, authority->certificate, NID_ext_key_usage, "serverAuth");
	cr_assert_gt(X509_sign(certificate, authority->key, EVP_sha256()), 0);
	write_certificate(certificate_path, certificate);
	write_key(key_path, key);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
