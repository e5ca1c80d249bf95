/*
 * test_bundle.c - cosign's bundles: a signature inside, and much that is not believed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "release/bundle.h"

/* SHA-256 of nothing (FIPS 180-4), in base64. */
#define DIGEST  "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define MESSAGE "\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"" DIGEST "\"}"

static int parse(const char *text, struct bundle *bundle, struct error *err)
{
	return bundle_parse(text, strlen(text), bundle, err);
}

Test(bundle, of_today_holds_signature_and_digest)
{
	static const char text[] =
		"{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
		"\"verificationMaterial\":{\"publicKey\":{\"hint\":\"a\"},\"tlogEntries\":[{}]},"
		"\"messageSignature\":{" MESSAGE ",\"signature\":\"MEUC\"}}\n";
	struct bundle bundle = {0};
	struct error err = {0};

	cr_assert_eq(parse(text, &bundle, &err), 0, "%s", err.text);
	cr_assert_str_eq(bundle.signature, "MEUC");
	cr_assert(bundle.has_digest);
	cr_assert_eq(bundle.digest.bytes[0], 0xe3);
	cr_assert_eq(bundle.digest.bytes[31], 0x55);
}

Test(bundle, of_older_cosign_holds_a_signature)
{
	struct bundle bundle = {0};
	struct error err = {0};

	cr_assert_eq(parse("{\"base64Signature\":\"MEUC\",\"cert\":\"LS0t\",\"rekorBundle\":{}}",
			   &bundle, &err),
		     0, "%s", err.text);
	cr_assert_str_eq(bundle.signature, "MEUC");
	cr_assert_not(bundle.has_digest);
}

static const struct {
	const char *text;
	const char *why;
} bad[] = {
	{"", "line 1"},
	{"{", "line 1"},
	{"{} {}", "line 1"},
	{"[]", "exactly one"},
	{"{}", "exactly one"},
	{"{\"dsseEnvelope\":{}}", "exactly one"},
	{"{\"base64Signature\":\"A\",\"messageSignature\":{" MESSAGE ",\"signature\":\"B\"}}",
	 "exactly one"},
	{"{\"base64Signature\":\"A\",\"base64Signature\":\"B\"}", "duplicate"},
	{"{\"base64Signature\":7}", "missing"},
	{"{\"base64Signature\":\"\"}", "missing"},
	{"{\"base64Signature\":\"A\\u0000B\"}", "line 1"},
	{"{\"messageSignature\":7}", "SHA2_256"},
	{"{\"messageSignature\":{\"signature\":\"MEUC\"}}", "SHA2_256"},
	{"{\"messageSignature\":{" MESSAGE "}}", "missing"},
	{"{\"messageSignature\":{" MESSAGE ",\"signature\":[]}}", "missing"},
	{"{\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_512\",\"digest\":\"" DIGEST
	 "\"},\"signature\":\"MEUC\"}}",
	 "SHA2_256"},
	{"{\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\"},\"signature\":"
	 "\"MEUC\"}}",
	 "32 bytes"},
	{"{\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"AAAA\"}"
	 ","
	 "\"signature\":\"MEUC\"}}",
	 "32 bytes"},
	{"{\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"" DIGEST
	 "AAAA\"},\"signature\":\"MEUC\"}}",
	 "32 bytes"},
};

Test(bundle, refuses_what_holds_none_or_more_than_one)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bundle bundle = {0};
		struct error err = {0};

		cr_assert_eq(parse(bad[i].text, &bundle, &err), -EBADMSG, "%zu", i);
		cr_assert(strstr(err.text, bad[i].why) != NULL, "%zu: %s", i, err.text);
	}
}

Test(bundle, refuses_a_signature_that_is_too_long)
{
	char digits[BUNDLE_SIGNATURE_MAX + 2];
	char text[sizeof(digits) + 64];
	struct bundle bundle;
	struct error err;

	memset(digits, 'A', sizeof(digits) - 1);
	digits[sizeof(digits) - 1] = '\0';
	(void)snprintf(text, sizeof(text), "{\"base64Signature\":\"%s\"}", digits);
	cr_assert_eq(parse(text, &bundle, &err), -EBADMSG);
	digits[sizeof(digits) - 2] = '\0';
	(void)snprintf(text, sizeof(text), "{\"base64Signature\":\"%s\"}", digits);
	cr_assert_eq(parse(text, &bundle, &err), 0);
}
