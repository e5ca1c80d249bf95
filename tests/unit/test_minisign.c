/*
 * test_minisign.c - minisign's files: what the program itself wrote, and all that it would not.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "release/minisign.h"
#include "support/minisign_builder.h"

/* minisign 0.11: "minisign -G -W", "minisign -S", "minisign -S -l". */
static const char document[] =
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  a\n";
static const char public_key[] = "untrusted comment: minisign public key ACC4B331D6E33B8A\n"
				 "RWSKO+PWMbPErDHbhGmHBTotAQsLUohpyRQvK4MmGA1EWRvp6AYs6abi\n";
static const char prehashed[] =
	"untrusted comment: signature from minisign secret key\n"
	"RUSKO+PWMbPErImuiznBi7RFtdd5pusV1fNS1e1XVh+dlLez9Sw7tNwxEtfflUsxA0sleWj4qcnS0qVwnUH+lEH2"
	"PQ10VRbC+w4=\n"
	"trusted comment: release 1.1.0\n"
	"6+bdpN+hACdBvm1ziYnS2ecClU4QQvIfFENdSeEIFjClygpVp0t/BesHXq1M4GDYsWP1yh+MEJyC+4KzC5zuDA=="
	"\n";
static const char legacy[] =
	"untrusted comment: signature from minisign secret key\n"
	"RWSKO+PWMbPErADVb4Yc1troaMkN6KvDuZcgeRpoup33P+Ik9Rwoll+PJOnwEIctKCBfli9Ooaw7WPBpj1FbkkHF"
	"EekwYKnMkQE=\n"
	"trusted comment: release 1.1.0\n"
	"4dpRE6N4zDcw4AfQM4JXKZN2nWOH7iF4loUm7diCzQ1OoF97rOBFhRbBp+4UF/y+PVasW4qKa5WjPewg7l+bCQ=="
	"\n";
/* signify 31 */
static const char signify[] =
	"untrusted comment: verify with s.pub\n"
	"RWS2u7nRdvs/grbFNfKsz61ptBQ+ah5fW7uxDNDftFYOZyCsGCMOLp5JmHY47N+zeFowM8cTewAwdyDlP+1OKosn"
	"5vj9u9s7fgM=\n";

static struct minisign_key read_key(const char *text)
{
	struct minisign_key key;
	struct error err = {0};

	cr_assert_eq(minisign_key_parse(text, strlen(text), &key, &err), 0, "%s", err.text);
	return key;
}

static struct minisign_signature read_signature(const char *text)
{
	struct minisign_signature signature;
	struct error err = {0};

	cr_assert_eq(minisign_parse(text, strlen(text), &signature, &err), 0, "%s", err.text);
	return signature;
}

static int parse(const char *text, size_t length)
{
	struct minisign_signature signature;
	struct error err;

	return minisign_parse(text, length, &signature, &err);
}

static int check_text(const char *text, size_t length, const struct minisign_key *key)
{
	struct minisign_signature signature;
	struct error err;
	int rc = minisign_parse(text, length, &signature, &err);

	return rc < 0 ? rc : minisign_check(&signature, key, document, sizeof(document) - 1, &err);
}

Test(minisign, accepts_what_the_program_wrote)
{
	struct minisign_key key = read_key(public_key);
	struct minisign_signature signature = read_signature(prehashed);
	char id[MINISIGN_ID_TEXT_MAX];
	struct error err = {0};

	cr_assert_eq(minisign_check(&signature, &key, document, sizeof(document) - 1, &err), 0,
		     "%s", err.text);
	cr_assert_str_eq(signature.comment, "release 1.1.0");
	cr_assert_str_eq(minisign_id_text(signature.id, id), "ACC4B331D6E33B8A");
}

Test(minisign, refuses_the_old_form_and_says_what_to_do)
{
	static const char *const texts[] = {legacy, signify};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct minisign_signature signature;
		struct error err = {0};

		cr_assert_eq(minisign_parse(texts[i], strlen(texts[i]), &signature, &err),
			     -EBADMSG);
		cr_assert(strstr(err.text, "minisign -H") != NULL, "%s", err.text);
	}
}

Test(minisign, refuses_any_bit_flipped_in_what_counts)
{
	struct minisign_key key = read_key(public_key);
	/* Behind the untrusted comment, which is nobody's word. */
	size_t from = strcspn(prehashed, "\n") + 1;
	char text[sizeof(prehashed)];

	for (size_t at = from; at < sizeof(prehashed) - 2; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(text, prehashed, sizeof(prehashed));
			text[at] = (char)(text[at] ^ (char)(1u << bit));
			int rc = check_text(text, sizeof(prehashed) - 1, &key);

			cr_assert(rc == -EBADMSG || rc == -EKEYREJECTED, "byte %zu, bit %u: %d", at,
				  bit, rc);
		}
	}
}

Test(minisign, refuses_any_other_document)
{
	struct minisign_key key = read_key(public_key);
	struct minisign_signature signature = read_signature(prehashed);
	struct error err;
	char other[sizeof(document)];

	for (size_t at = 0; at < sizeof(document) - 1; at++) {
		memcpy(other, document, sizeof(document));
		other[at] ^= 1;
		cr_assert_eq(minisign_check(&signature, &key, other, sizeof(document) - 1, &err),
			     -EKEYREJECTED);
	}
	cr_assert_eq(minisign_check(&signature, &key, document, sizeof(document) - 2, &err),
		     -EKEYREJECTED);
	cr_assert_eq(minisign_check(&signature, &key, "", 0, &err), -EKEYREJECTED);
}

Test(minisign, refuses_another_key_also_under_the_same_id)
{
	struct minisign_pair stranger = minisign_pair_make();
	char *text = minisign_pair_public(&stranger);
	struct minisign_key key = read_key(text);
	struct minisign_signature signature = read_signature(prehashed);
	struct error err;

	cr_assert_eq(minisign_check(&signature, &key, document, sizeof(document) - 1, &err),
		     -EKEYREJECTED);
	cr_assert(strstr(err.text, "another key") != NULL, "%s", err.text);
	memcpy(key.id, signature.id, sizeof(key.id));
	cr_assert_eq(minisign_check(&signature, &key, document, sizeof(document) - 1, &err),
		     -EKEYREJECTED);
	free(text);
	minisign_pair_free(&stranger);
}

Test(minisign, refuses_a_good_signature_under_another_id)
{
	struct minisign_key key = read_key(public_key);
	struct minisign_signature signature = read_signature(prehashed);
	struct error err;

	signature.id[0] ^= 1;
	cr_assert_eq(minisign_check(&signature, &key, document, sizeof(document) - 1, &err),
		     -EKEYREJECTED);
}

Test(minisign, refuses_a_comment_that_somebody_else_signed)
{
	struct minisign_pair pair = minisign_pair_make();
	char *public = minisign_pair_public(&pair);
	struct minisign_key key = read_key(public);
	char *good =
		minisign_sign(&pair, &(struct minisign_options){0}, document, sizeof(document) - 1);
	char *bad = minisign_sign(&pair, &(struct minisign_options){.foreign_global = true},
				  document, sizeof(document) - 1);

	cr_assert_eq(check_text(good, strlen(good), &key), 0);
	cr_assert_eq(check_text(bad, strlen(bad), &key), -EKEYREJECTED);
	free(good);
	free(bad);
	free(public);
	minisign_pair_free(&pair);
}

Test(minisign, has_line_ends_of_either_kind_and_one_at_the_end_at_most)
{
	struct minisign_key key = read_key(public_key);
	char text[2 * sizeof(prehashed)];
	size_t length = 0;

	for (const char *at = prehashed; *at != '\0'; at++) {
		if (*at == '\n') {
			text[length++] = '\r';
		}
		text[length++] = *at;
	}
	cr_assert_eq(check_text(text, length, &key), 0, "CRLF");
	cr_assert_eq(check_text(prehashed, sizeof(prehashed) - 2, &key), 0, "no line end");
	(void)snprintf(text, sizeof(text), "%s\n", prehashed);
	cr_assert_eq(parse(text, strlen(text)), -EBADMSG, "an empty line");
	(void)snprintf(text, sizeof(text), "%s ", prehashed);
	cr_assert_eq(parse(text, strlen(text)), -EBADMSG, "a blank");
	cr_assert_eq(parse(prehashed, sizeof(prehashed)), -EBADMSG, "a NUL");
}

#define LINE_1 "untrusted comment: x\n"
#define LINE_2                                                                                     \
	"RUSKO+PWMbPErImuiznBi7RFtdd5pusV1fNS1e1XVh+dlLez9Sw7tNwxEtfflUsxA0sleWj4qcnS0qVwnUH+"     \
	"lEH2PQ10VRbC+w4=\n"
#define LINE_4                                                                                     \
	"6+bdpN+hACdBvm1ziYnS2ecClU4QQvIfFENdSeEIFjClygpVp0t/BesHXq1M4GDYsWP1yh+MEJyC+4KzC5zuDA==" \
	"\n"

Test(minisign, refuses_every_other_shape)
{
	static const char *const bad[] = {
		"",
		LINE_1,
		LINE_1 "AAAA\n",
		LINE_1 LINE_2,
		LINE_1 LINE_2 LINE_4,
		LINE_1 LINE_2 "trusted comment: x\n",
		LINE_1 LINE_2 "trusted comment: x\nAAAA\n",
		LINE_1 LINE_2 "trusted comment:x\n" LINE_4,
		LINE_1 LINE_2 "trusted comment: x\n\n" LINE_4,
		LINE_1 LINE_2 "untrusted comment: x\n" LINE_4,
		LINE_1 LINE_2 "trusted comment: x\n" LINE_4 LINE_4,
		LINE_1 "\n" LINE_2 "trusted comment: x\n" LINE_4,
		LINE_2 "trusted comment: x\n" LINE_4,
		LINE_1 " " LINE_2 "trusted comment: x\n" LINE_4,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(parse(bad[i], strlen(bad[i])), -EBADMSG, "%zu", i);
	}
	cr_assert_eq(parse(LINE_1 LINE_2 "trusted comment: \n" LINE_4,
			   strlen(LINE_1 LINE_2 "trusted comment: \n" LINE_4)),
		     0, "an empty comment is one");
}

static int parse_with_comments(size_t untrusted, size_t trusted)
{
	char *text = calloc(1, untrusted + trusted + 1024);
	char *at = text + sprintf(text, "untrusted comment:");

	memset(at, 'u', untrusted - strlen("untrusted comment:"));
	at += strlen(at);
	at += sprintf(at, "\n" LINE_2 "trusted comment: ");
	memset(at, 't', trusted);
	(void)sprintf(at + trusted, "\n" LINE_4);
	int rc = parse(text, strlen(text));

	free(text);
	return rc;
}

Test(minisign, has_the_programs_maxima)
{
	cr_assert_eq(parse_with_comments(MINISIGN_UNTRUSTED_MAX, MINISIGN_COMMENT_MAX), 0);
	cr_assert_eq(parse_with_comments(MINISIGN_UNTRUSTED_MAX + 1, 1), -EBADMSG);
	cr_assert_eq(parse_with_comments(100, MINISIGN_COMMENT_MAX + 1), -EBADMSG);
}

Test(minisign, refuses_what_is_not_one_public_key)
{
	static const char *const bad[] = {
		"",
		"untrusted comment: x\n",
		"untrusted comment: x\nput the key here\n",
		"RWSKO+PWMbPErDHbhGmHBTotAQsLUohpyRQvK4MmGA1EWRvp6AYs6abi\n",
		/* of another algorithm, too short, two of them */
		"untrusted comment: x\nRUSKO+PWMbPErDHbhGmHBTotAQsLUohpyRQvK4MmGA1EWRvp6AYs6abi\n",
		"untrusted comment: x\nRWSKO+PWMbPErDHbhGmHBTotAQsLUohpyRQvK4MmGA1EWRvp6AYs\n",
		"untrusted comment: x\nRWSKO+PWMbPErDHbhGmHBTotAQsLUohpyRQvK4MmGA1EWRvp6AYs6abi\n"
		"RWSKO+PWMbPErDHbhGmHBTotAQsLUohpyRQvK4MmGA1EWRvp6AYs6abi\n",
		"untrusted comment: "
		"x\nRWSKO+PWMbPErDHbhGmHBTotAQsLUohpyRQvK4MmGA1EWRvp6AYs6abi\n\n",
		/* a signature */
		prehashed,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct minisign_key key;
		struct error err;

		cr_assert_eq(minisign_key_parse(bad[i], strlen(bad[i]), &key, &err), -EINVAL, "%zu",
			     i);
	}
}
