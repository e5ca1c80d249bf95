/*
 * sums.c - sums.h: a line at a time, each matched against the two forms.
 */
#include "release/sums.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/text.h"

#define HEX_LENGTH ((size_t)(2 * DIGEST_SIZE))

/* A piece of the document, not terminated. */
struct span {
	const char *at;
	size_t length;
};

static const char bsd_head[] = "SHA256 (";
static const char bsd_middle[] = ") = ";

void sums_finish(struct sums *sums)
{
	for (size_t i = 0; i < sums->count; i++) {
		free(sums->items[i].name);
	}
	free(sums->items);
	*sums = (struct sums){0};
}

const struct digest *sums_find(const struct sums *sums, const char *name)
{
	for (size_t i = 0; i < sums->count; i++) {
		if (strcmp(sums->items[i].name, name) == 0) {
			return &sums->items[i].digest;
		}
	}
	return NULL;
}

/* What is wrong with a name, NULL when nothing is. */
static const char *name_problem(struct span name)
{
	if (name.length == 0 || name.length > NAME_MAX) {
		return "the file name is empty or too long";
	}
	if (name.at[0] == '.') {
		return "the file name begins with a dot";
	}
	if (memchr(name.at, '/', name.length) != NULL) {
		return "the file name has a '/': sha256sum is to run inside the directory";
	}
	for (size_t i = 0; i < name.length; i++) {
		if ((unsigned char)name.at[i] < ' ' || name.at[i] == 0x7f) {
			return "the file name has a control character (a line may end with LF "
			       "only)";
		}
	}
	return text_is_utf8(name.at, name.length) ? NULL : "the file name is not UTF-8";
}

/* "HEX  NAME" or "HEX *NAME". */
static bool match_gnu(struct span line, struct span *name, struct span *hex)
{
	if (line.length < HEX_LENGTH + 2 || line.at[HEX_LENGTH] != ' ' ||
	    (line.at[HEX_LENGTH + 1] != ' ' && line.at[HEX_LENGTH + 1] != '*')) {
		return false;
	}
	*hex = (struct span){line.at, HEX_LENGTH};
	*name = (struct span){line.at + HEX_LENGTH + 2, line.length - HEX_LENGTH - 2};
	return true;
}

/* "SHA256 (NAME) = HEX"; the name may hold a bracket, so the hash is taken from the end. */
static bool match_bsd(struct span line, struct span *name, struct span *hex)
{
	size_t head = sizeof(bsd_head) - 1;
	size_t middle = sizeof(bsd_middle) - 1;

	if (line.length < head + middle + HEX_LENGTH || memcmp(line.at, bsd_head, head) != 0) {
		return false;
	}
	const char *digits = line.at + line.length - HEX_LENGTH;

	if (memcmp(digits - middle, bsd_middle, middle) != 0) {
		return false;
	}
	*hex = (struct span){digits, HEX_LENGTH};
	*name = (struct span){line.at + head, line.length - head - middle - HEX_LENGTH};
	return true;
}

static int add(struct sums *sums, struct span name, const struct digest *digest, struct error *err)
{
	struct sum *items = realloc(sums->items, (sums->count + 1) * sizeof(*items));

	if (items == NULL) {
		return error_no_memory(err);
	}
	sums->items = items;
	auto_free char *copy = strndup(name.at, name.length);

	if (copy == NULL) {
		return error_no_memory(err);
	}
	if (sums_find(sums, copy) != NULL) {
		return error_set(err, -EBADMSG, "%s is listed twice", copy);
	}
	items[sums->count++] = (struct sum){take_pointer(&copy), *digest};
	return 0;
}

static int parse_line(struct sums *sums, struct span line, struct error *err)
{
	struct span name = {0};
	struct span hex = {0};
	struct digest digest;

	if (line.length == 0 || line.at[0] == '#') {
		return 0;
	}
	if (!match_gnu(line, &name, &hex) && !match_bsd(line, &name, &hex)) {
		return error_set(err, -EBADMSG,
				 "this is neither '<64 hex digits>  <name>' nor "
				 "'SHA256 (<name>) = <64 hex digits>'");
	}
	if (digest_parse(hex.at, hex.length, &digest) < 0) {
		return error_set(err, -EBADMSG, "the hash is not 64 hexadecimal digits");
	}
	const char *problem = name_problem(name);

	if (problem != NULL) {
		return error_set(err, -EBADMSG, "%s", problem);
	}
	return add(sums, name, &digest, err);
}

int sums_parse(const char *bytes, size_t length, struct sums *ret, struct error *err)
{
	auto_sums struct sums sums = {0};
	size_t number = 1;

	for (size_t at = 0; at < length; number++) {
		const char *end = memchr(bytes + at, '\n', length - at);
		size_t used = end != NULL ? (size_t)(end - bytes) - at : length - at;
		int rc = parse_line(&sums, (struct span){bytes + at, used}, err);

		if (rc < 0) {
			return error_prefix(err, "line %zu", number);
		}
		at += used + 1;
	}
	*ret = sums;
	sums = (struct sums){0};
	return 0;
}
