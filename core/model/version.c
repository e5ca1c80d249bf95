/*
 * version.c - version.h: parsing and the order of Semantic Versioning 2.0.0.
 */
#include "model/version.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define NUMBER_MAX (UINT64_C(1) << 53)

static bool is_digits(const char *text, size_t length)
{
	return length > 0 && strspn(text, "0123456789") >= length;
}

/* A number without leading zeros; *at stops behind it. */
static int read_number(const char **at, uint64_t *ret)
{
	char digits[24] = {0};
	size_t length = strspn(*at, "0123456789");

	if (length == 0 || (length > 1 && **at == '0')) {
		return -EINVAL;
	}
	if (length >= sizeof(digits)) {
		return -ERANGE;
	}
	memcpy(digits, *at, length);
	*at += length;
	int rc = text_parse_u64(digits, ret);

	return rc == 0 && *ret > NUMBER_MAX ? -ERANGE : rc;
}

/* Dot-separated identifiers of [0-9A-Za-z-], none empty; numeric ones without leading zeros when
 * strict (pre-release; build metadata may have them). */
static bool identifiers_are_valid(const char *text, size_t length, bool strict)
{
	static const char allowed[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

	for (const char *end = text + length;;) {
		size_t run = strspn(text, allowed);

		if (run == 0 || text + run > end) {
			return false;
		}
		if (strict && run > 1 && text[0] == '0' && is_digits(text, run)) {
			return false;
		}
		text += run;
		if (text == end) {
			return true;
		}
		if (*text++ != '.') {
			return false;
		}
	}
}

static int read_core(const char **at, struct version *version)
{
	uint64_t *numbers[] = {&version->major, &version->minor, &version->patch};

	for (size_t i = 0; i < 3; i++) {
		int rc = read_number(at, numbers[i]);

		if (rc < 0) {
			return rc;
		}
		if (i < 2 && *(*at)++ != '.') {
			return -EINVAL;
		}
	}
	return 0;
}

static int parse(const char *text, struct version *version)
{
	const char *at = text;
	int rc = read_core(&at, version);

	if (rc == 0 && *at == '-') {
		size_t length = strcspn(++at, "+");

		if (!identifiers_are_valid(at, length, true)) {
			return -EINVAL;
		}
		memcpy(version->prerelease, at, length);
		at += length;
	}
	if (rc == 0 && *at == '+') {
		at++;
		if (!identifiers_are_valid(at, strlen(at), false)) {
			return -EINVAL;
		}
		at += strlen(at);
	}
	return rc == 0 && *at != '\0' ? -EINVAL : rc;
}

int version_parse(const char *text, struct version *ret, struct error *err)
{
	struct version version = {0};
	const char *bare = text[0] == 'v' ? text + 1 : text;

	if (strlen(bare) >= VERSION_TEXT_MAX) {
		return error_set(err, -EINVAL, "a version has at most %d characters",
				 VERSION_TEXT_MAX - 1);
	}
	int rc = parse(bare, &version);

	if (rc == -ERANGE) {
		return error_set(err, rc, "a number in the version '%s' is too large", text);
	}
	if (rc < 0) {
		return error_set(err, rc, "'%s' is not a version like 1.2.3", text);
	}
	memcpy(version.text, bare, strlen(bare));
	*ret = version;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* One identifier: numbers by value and below words, words by ASCII. */
static int compare_identifier(const char *a, size_t a_length, const char *b, size_t b_length)
{
	bool a_number = is_digits(a, a_length);
	bool b_number = is_digits(b, b_length);

	if (a_number != b_number) {
		return a_number ? -1 : 1;
	}
	/* Without leading zeros the longer number is the larger one. */
	if (a_number && a_length != b_length) {
		return a_length < b_length ? -1 : 1;
	}
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return order != 0 ? order : compare_numbers(a_length, b_length);
}

static int compare_prereleases(const char *a, const char *b)
{
	if (*a == '\0' || *b == '\0') {
		return (*a == '\0') - (*b == '\0');
	}
	for (;;) {
		size_t a_length = strcspn(a, ".");
		size_t b_length = strcspn(b, ".");
		int order = compare_identifier(a, a_length, b, b_length);

		if (order != 0) {
			return order;
		}
		a += a_length;
		b += b_length;
		if (*a == '\0' || *b == '\0') {
			return (*a != '\0') - (*b != '\0');
		}
		a++;
		b++;
	}
}

int version_compare(const struct version *a, const struct version *b)
{
	int order = compare_numbers(a->major, b->major);

	if (order == 0) {
		order = compare_numbers(a->minor, b->minor);
	}
	if (order == 0) {
		order = compare_numbers(a->patch, b->patch);
	}
	return order != 0 ? order : compare_prereleases(a->prerelease, b->prerelease);
}

int version_find(const char *text, struct version *ret, struct error *err)
{
	static const char separators[] = " \t\r\n,;:()\"'";

	for (const char *at = text + strspn(text, separators); *at != '\0';) {
		char word[VERSION_TEXT_MAX + 1];
		size_t length = strcspn(at, separators);
		struct version version;

		if (length < sizeof(word)) {
			memcpy(word, at, length);
			word[length] = '\0';
			if (version_parse(word, &version, err) == 0) {
				*ret = version;
				return 0;
			}
		}
		at += length;
		at += strspn(at, separators);
	}
	return error_set(err, -ENOENT, "there is no version in '%.80s'", text);
}
