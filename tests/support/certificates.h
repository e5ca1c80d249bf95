/*
 * certificates.h - a certificate authority of the test's own, and what it issues.
 */
#ifndef SUPPORT_CERTIFICATES_H
#define SUPPORT_CERTIFICATES_H

struct authority {
	void *key;         /* EVP_PKEY */
	void *certificate; /* X509 */
};

/* A new one of this name writes its certificate (PEM) to path. */
struct authority authority_make(const char *name, const char *path);
void authority_free(struct authority *authority);

/* A server's certificate and key (PEM) for names ("DNS:localhost,IP:127.0.0.1"), valid from and
 * until so many seconds from now. */
void authority_issue(const struct authority *authority, const char *names, long from, long until,
		     const char *certificate_path, const char *key_path);

#endif
