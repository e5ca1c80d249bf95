/* signature.c - fuzzes signature_parse(), and lets libcrypto check what it accepts. */
#include "release/signature.h"
#include <string.h>

#include "fuzz/fuzz.h"

static const char ecdsa_key[] = "-----BEGIN PUBLIC KEY-----\n"
				"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmFhO8DzuSL0vdZQPLZtHxvVAW+OU\n"
				"KjwuXlr/tHQdb4fqncb4wE/M6CgAYsOCUNT1gvvDE7A0I6T5rBBem9qHYQ==\n"
				"-----END PUBLIC KEY-----\n";

static const char minisign_key[] = "untrusted comment: a key of this test\n"
				   "RWTahroL/gDjFg7VCHUZwSKlypSBpXWALrrSVbIaSETfYFLzK/7T+5YX\n";

/* The document that tests/fuzz/corpus/signature/accept-* sign. */
static const char document[] = "signed\n";

static int check(const struct signature *signature, struct error *err)
{
	bool is_minisign = signature->kind == SIGNATURE_MINISIGN;
	const char *text = is_minisign ? minisign_key : ecdsa_key;
	auto_public_key struct public_key key = {0};

	must(public_key_parse(text, strlen(text), &key, err) == 0);
	return signature_check(signature, &key, document, sizeof(document) - 1, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct signature signature;
	char text[SIGNATURE_TEXT_MAX];
	struct error err;
	int rc = signature_parse((const char *)bytes, length, &signature, &err);

	if (rc == 0) {
		must(signature.kind == SIGNATURE_MINISIGN ||
		     (signature.length >= SIGNATURE_MIN && signature.length <= SIGNATURE_MAX));
		must(strlen(signature_comment(&signature)) <= MINISIGN_COMMENT_MAX);
		must(signature_text(&signature, text)[0] != '\0');
		rc = check(&signature, &err);
	}
	fuzz_answer(rc, &err);
	return 0;
}
