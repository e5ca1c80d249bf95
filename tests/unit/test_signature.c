/*
 * test_signature.c - what counts as a signature, and what as a key.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "release/signature.h"
#include "support/minisign_builder.h"
#include "support/release_builder.h"
#include "support/scratch.h"

static const char document[] = "the sums, or anything else";

struct world {
	struct scratch scratch;
	struct signing_key pair;
	struct public_key public;
};

static struct public_key publish(const struct scratch *scratch, const struct signing_key *pair)
{
	char *path = scratch_path(scratch, "key.pub");
	struct public_key key = {0};
	struct error err = {0};

	signing_key_publish(pair, path);
	char *pem = scratch_read(path);

	cr_assert_eq(public_key_parse(pem, strlen(pem), &key, &err), 0, "%s", err.text);
	free(pem);
	free(path);
	return key;
}

static struct world world_make(void)
{
	struct world world = {.scratch = scratch_make(), .pair = signing_key_make()};

	world.public = publish(&world.scratch, &world.pair);
	return world;
}

static void world_free(struct world *world)
{
	public_key_finish(&world->public);
	signing_key_free(&world->pair);
	scratch_remove(&world->scratch);
}

static struct signature sign(const struct world *world)
{
	char *text = signing_key_sign(&world->pair, document, sizeof(document));
	struct signature signature;
	struct error err = {0};

	cr_assert_eq(signature_parse(text, strlen(text), &signature, &err), 0, "%s", err.text);
	free(text);
	return signature;
}

static int check(const struct world *world, const struct signature *signature)
{
	struct error err;

	return signature_check(signature, &world->public, document, sizeof(document), &err);
}

Test(signature, of_this_key_over_these_bytes_is_accepted)
{
	struct world world = world_make();
	struct signature signature = sign(&world);

	cr_assert_eq(check(&world, &signature), 0);
	world_free(&world);
}

Test(signature, fails_with_any_bit_flipped)
{
	struct world world = world_make();
	struct signature good = sign(&world);

	for (size_t bit = 0; bit < good.length * 8; bit++) {
		struct signature bad = good;

		bad.der[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_eq(check(&world, &bad), -EKEYREJECTED, "bit %zu", bit);
	}
	world_free(&world);
}

Test(signature, fails_over_any_other_document)
{
	struct world world = world_make();
	struct signature signature = sign(&world);
	struct error err;

	for (size_t at = 0; at < sizeof(document); at++) {
		char other[sizeof(document)];

		memcpy(other, document, sizeof(document));
		other[at] ^= 1;
		cr_assert_eq(signature_check(&signature, &world.public, other, sizeof(other), &err),
			     -EKEYREJECTED);
	}
	cr_assert_eq(signature_check(&signature, &world.public, document, sizeof(document) - 1,
				     &err),
		     -EKEYREJECTED);
	cr_assert_eq(signature_check(&signature, &world.public, "", 0, &err), -EKEYREJECTED);
	world_free(&world);
}

Test(signature, of_another_key_is_refused)
{
	struct world world = world_make();
	struct world other = world_make();
	struct signature signature = sign(&other);

	cr_assert_eq(check(&world, &signature), -EKEYREJECTED);
	world_free(&other);
	world_free(&world);
}

Test(signature, with_numbers_that_are_zero_or_bytes_behind_it_is_refused)
{
	struct world world = world_make();
	struct signature zero = {.der = {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00},
				 .length = 8};
	struct signature longer = sign(&world);

	cr_assert_eq(check(&world, &zero), -EKEYREJECTED);
	if (longer.length < SIGNATURE_MAX) {
		longer.der[longer.length++] = 0;
		cr_assert_eq(check(&world, &longer), -EKEYREJECTED);
	}
	struct signature shorter = sign(&world);

	shorter.length--;
	cr_assert_eq(check(&world, &shorter), -EKEYREJECTED);
	world_free(&world);
}

static int parse_with(const char *before, const char *after)
{
	uint8_t der[70] = {0x30};
	char *text = base64_of(der, sizeof(der));
	char whole[256];
	struct signature signature;
	struct error err;

	(void)snprintf(whole, sizeof(whole), "%s%s%s", before, text, after);
	free(text);
	return signature_parse(whole, strlen(whole), &signature, &err);
}

Test(signature, file_may_end_with_one_line_end_and_nothing_else)
{
	static const char *const good[] = {"", "\n", "\r\n"};
	static const char *const bad[] = {"\n\n", "\r\n\r\n", "\r",    " ",
					  " \n",  "\n ",      "AAAA=", "\t"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert_eq(parse_with("", good[i]), 0, "%zu", i);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(parse_with("", bad[i]), -EBADMSG, "%zu", i);
	}
	cr_assert_eq(parse_with(" ", ""), -EBADMSG);
	cr_assert_eq(parse_with("\n", ""), -EBADMSG);
}

Test(signature, has_the_size_of_one_for_this_curve)
{
	static const uint8_t der[80] = {0x30};
	struct signature signature;
	struct error err;

	for (size_t length = 0; length <= sizeof(der); length++) {
		char *text = base64_of(der, length);
		int rc = signature_parse(text, strlen(text), &signature, &err);
		bool fits = length >= SIGNATURE_MIN && length <= SIGNATURE_MAX;

		cr_assert_eq(rc, fits ? 0 : -EBADMSG, "%zu bytes", length);
		free(text);
	}
}

/* A bundle as cosign writes it; digest and signature in base64. */
static char *bundle_of(const char *digest, const char *signature)
{
	char *text = NULL;

	cr_assert_gt(asprintf(&text,
			      "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
			      "\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\","
			      "\"digest\":\"%s\"},\"signature\":\"%s\"}}\n",
			      digest, signature),
		     0);
	return text;
}

static char *digest_of(const void *bytes, size_t length)
{
	struct digest digest;
	struct hasher hasher = {0};
	struct error err;

	cr_assert_eq(hasher_init(&hasher, &err), 0);
	cr_assert_eq(hasher_add(&hasher, bytes, length, &err), 0);
	cr_assert_eq(hasher_result(&hasher, &digest, &err), 0);
	hasher_finish(&hasher);
	return base64_of(digest.bytes, DIGEST_SIZE);
}

static int check_text(const struct public_key *key, const char *text)
{
	struct signature signature;
	struct error err;
	int rc = signature_parse(text, strlen(text), &signature, &err);

	return rc < 0 ? rc : signature_check(&signature, key, document, sizeof(document), &err);
}

Test(signature, in_a_bundle_counts_when_the_bundle_is_about_this_document)
{
	struct world world = world_make();
	char *signature = signing_key_sign(&world.pair, document, sizeof(document));
	char *digest = digest_of(document, sizeof(document));
	char *other = digest_of("", 0);
	char *good = bundle_of(digest, signature);
	char *foreign = bundle_of(other, signature);
	char *broken = bundle_of(digest, "MEUC\\n");

	cr_assert_eq(check_text(&world.public, good), 0);
	cr_assert_eq(check_text(&world.public, foreign), -EKEYREJECTED);
	cr_assert_eq(check_text(&world.public, broken), -EBADMSG);
	free(signature);
	free(digest);
	free(other);
	free(good);
	free(foreign);
	free(broken);
	world_free(&world);
}

Test(signature, in_a_bundle_brings_no_key_along)
{
	struct world world = world_make();
	struct world stranger = world_make();
	char *path = scratch_path(&stranger.scratch, "key.pub");
	char *pem = scratch_read(path);
	char *signature = signing_key_sign(&stranger.pair, document, sizeof(document));
	char *public = base64_of(pem, strlen(pem));
	char *text = NULL;

	/* An older verifier would take the key in "cert" for the one to verify with. */
	cr_assert_gt(asprintf(&text, "{\"base64Signature\":\"%s\",\"cert\":\"%s\"}", signature,
			      public),
		     0);
	cr_assert_eq(check_text(&stranger.public, text), 0);
	cr_assert_eq(check_text(&world.public, text), -EKEYREJECTED);
	free(path);
	free(pem);
	free(signature);
	free(public);
	free(text);
	world_free(&stranger);
	world_free(&world);
}

Test(signature, counts_for_keys_of_its_own_kind_only)
{
	struct world world = world_make();
	struct minisign_pair pair = minisign_pair_make();
	char *public = minisign_pair_public(&pair);
	char *minisigned = minisign_sign(&pair, &(struct minisign_options){.comment = "a comment"},
					 document, sizeof(document));
	char *ecdsa = signing_key_sign(&world.pair, document, sizeof(document));
	struct public_key key = {0};
	struct signature signature;
	char maker[SIGNATURE_TEXT_MAX];
	struct error err = {0};

	cr_assert_eq(public_key_parse(public, strlen(public), &key, &err), 0, "%s", err.text);
	cr_assert_eq(check_text(&key, minisigned), 0);
	cr_assert_eq(check_text(&key, ecdsa), -EKEYREJECTED);
	cr_assert_eq(check_text(&world.public, minisigned), -EKEYREJECTED);
	cr_assert_eq(signature_parse(minisigned, strlen(minisigned), &signature, &err), 0);
	cr_assert_str_eq(signature_comment(&signature), "a comment");
	cr_assert_eq(strncmp(signature_text(&signature, maker), "minisign key ", 13), 0);
	cr_assert_eq(signature_parse(ecdsa, strlen(ecdsa), &signature, &err), 0);
	cr_assert_str_eq(signature_comment(&signature), "");
	cr_assert_str_eq(signature_text(&signature, maker), "an ECDSA key");
	public_key_finish(&key);
	free(public);
	free(minisigned);
	free(ecdsa);
	minisign_pair_free(&pair);
	world_free(&world);
}

Test(public_key, may_have_text_around_it)
{
	struct world world = world_make();
	char *path = scratch_path(&world.scratch, "key.pub");
	char *pem = scratch_read(path);
	char whole[2048];
	struct public_key key = {0};
	struct error err = {0};

	(void)snprintf(whole, sizeof(whole), "# the release key of 2026\n%s# end\n", pem);
	cr_assert_eq(public_key_parse(whole, strlen(whole), &key, &err), 0, "%s", err.text);
	public_key_finish(&key);
	(void)snprintf(whole, sizeof(whole), "%s%s", pem, pem);
	cr_assert_eq(public_key_parse(whole, strlen(whole), &key, &err), -EINVAL);
	cr_assert(strstr(err.text, "more than one") != NULL, "%s", err.text);
	free(pem);
	free(path);
	world_free(&world);
}

Test(public_key, on_another_curve_is_refused)
{
	struct scratch scratch = scratch_make();
	struct signing_key pair = signing_key_make_on("P-384");
	char *path = scratch_path(&scratch, "key.pub");
	struct public_key key = {0};
	struct error err = {0};

	signing_key_publish(&pair, path);
	char *pem = scratch_read(path);

	cr_assert_eq(public_key_parse(pem, strlen(pem), &key, &err), -EINVAL);
	cr_assert(strstr(err.text, "P-256") != NULL, "%s", err.text);
	cr_assert_null(key.handle);
	free(pem);
	free(path);
	signing_key_free(&pair);
	scratch_remove(&scratch);
}

Test(public_key, of_another_kind_is_refused)
{
	/* Ed25519, RFC 8410 section 10.1 */
	static const char ed25519[] =
		"-----BEGIN PUBLIC KEY-----\n"
		"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
		"-----END PUBLIC KEY-----\n";
	static const char *const bad[] = {
		"",
		"put your key here\n",
		"untrusted comment: put your key here\n",
		"-----BEGIN PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE "
		"KEY-----\n",
		ed25519,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct public_key key = {0};
		struct error err;

		cr_assert_eq(public_key_parse(bad[i], strlen(bad[i]), &key, &err), -EINVAL, "%zu",
			     i);
		cr_assert_null(key.handle);
	}
}
