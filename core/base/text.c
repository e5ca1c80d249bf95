/*
 * text.c - text.h: strict numbers, UTF-8, words and lists.
 */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

static const char digits[] = "0123456789";

/* The value of length digits. */
static int parse_digits(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (value > (UINT64_MAX - digit) / 10) {
			return -ERANGE;
		}
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

int text_parse_u64(const char *text, uint64_t *ret)
{
	size_t length = strspn(text, digits);

	if (length == 0 || text[length] != '\0') {
		return -EINVAL;
	}
	return parse_digits(text, length, ret);
}

int text_parse_i64(const char *text, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t value = 0;
	int rc = text_parse_u64(negative ? text + 1 : text, &value);

	if (rc < 0) {
		return rc;
	}
	/* One more below zero than above it. */
	if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
		return -ERANGE;
	}
	*ret = (int64_t)(negative ? 0 - value : value);
	return 0;
}

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* A number with one of the suffixes behind it; units ends with a NULL suffix. */
static int parse_unit(const char *text, const struct unit *units, uint64_t *ret)
{
	size_t length = strspn(text, digits);
	uint64_t value = 0;

	while (units->suffix != NULL && strcmp(text + length, units->suffix) != 0) {
		units++;
	}
	if (length == 0 || units->suffix == NULL) {
		return -EINVAL;
	}
	int rc = parse_digits(text, length, &value);

	if (rc < 0 || value > UINT64_MAX / units->factor) {
		return -ERANGE;
	}
	*ret = value * units->factor;
	return 0;
}

int text_parse_duration(const char *text, uint64_t *ret_ms)
{
	static const struct unit units[] = {
		{"ms", 1}, {"s", 1000}, {"min", 60 * 1000}, {"h", 3600 * 1000}, {NULL, 0},
	};

	return parse_unit(text, units, ret_ms);
}

int text_parse_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{"", 1}, {"KiB", KIB}, {"MiB", MIB}, {"GiB", 1024ull * MIB}, {NULL, 0},
	};

	return parse_unit(text, units, ret_bytes);
}

/* Unicode 15, table 3-7: the length of the sequence that starts here, 0 when there is none. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t length = 0;

	if (at[0] < 0x80) {
		return 1;
	}
	if (at[0] >= 0xc2 && at[0] <= 0xdf) {
		length = 2;
	} else if (at[0] >= 0xe0 && at[0] <= 0xef) {
		length = 3;
		low = at[0] == 0xe0 ? 0xa0 : 0x80;
		high = at[0] == 0xed ? 0x9f : 0xbf;
	} else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
		length = 4;
		low = at[0] == 0xf0 ? 0x90 : 0x80;
		high = at[0] == 0xf4 ? 0x8f : 0xbf;
	}
	if (length == 0 || length > left || at[1] < low || at[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < length; i++) {
		if (at[i] < 0x80 || at[i] > 0xbf) {
			return 0;
		}
	}
	return length;
}

bool text_is_utf8(const char *bytes, size_t length)
{
	const unsigned char *at = (const unsigned char *)bytes;

	while (length > 0) {
		size_t step = *at == '\0' ? 0 : utf8_length(at, length);

		if (step == 0) {
			return false;
		}
		at += step;
		length -= step;
	}
	return true;
}

/* C0 and C1 controls, and the characters that turn the direction of what follows
 * (Unicode's Bidi_Control: U+061C, U+200E, U+200F, U+202A-E, U+2066-9). */
static bool is_hostile(const unsigned char *at, size_t length)
{
	if (length == 1) {
		return (*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f;
	}
	if (length == 2) {
		return (at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xd8 && at[1] == 0x9c);
	}
	if (length == 3 && at[0] == 0xe2) {
		return (at[1] == 0x80 &&
			(at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xaa && at[2] <= 0xae))) ||
		       (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
	}
	return false;
}

void text_sanitize(char *text)
{
	unsigned char *from = (unsigned char *)text;
	unsigned char *to = from;
	size_t left = strlen(text);

	while (left > 0) {
		size_t length = utf8_length(from, left);

		if (length == 0 || is_hostile(from, length)) {
			length = length == 0 ? 1 : length;
			*to++ = '?';
		} else {
			memmove(to, from, length);
			to += length;
		}
		from += length;
		left -= length;
	}
	*to = '\0';
}

static bool is_word_character(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '+' || c == '_';
}

/* A full stop may end the sentence behind the word; it continues the word only before another
 * character of one. */
static bool word_ends(const char *behind)
{
	if (*behind == '.') {
		return !is_word_character(behind[1]);
	}
	return !is_word_character(*behind);
}

bool text_has_word(const char *haystack, const char *word)
{
	size_t length = strlen(word);

	if (length == 0) {
		return false;
	}
	for (const char *at = strstr(haystack, word); at != NULL; at = strstr(at + 1, word)) {
		const char *start = at > haystack && at[-1] == 'v' ? at - 1 : at;

		if ((start == haystack || !is_word_character(start[-1])) &&
		    word_ends(at + length)) {
			return true;
		}
	}
	return false;
}

bool text_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t tail = strlen(suffix);

	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

void strings_finish(struct strings *list)
{
	int saved = errno;

	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i]);
	}
	free(list->items);
	*list = (struct strings){0};
	errno = saved;
}

int strings_add(struct strings *list, const char *text)
{
	/* One more than counted: the list always ends with a NULL, as execv(3) wants it. */
	char **items = realloc(list->items, (list->count + 2) * sizeof(*items));

	if (items == NULL) {
		return -ENOMEM;
	}
	list->items = items;
	items[list->count] = strdup(text);
	if (items[list->count] == NULL) {
		return -ENOMEM;
	}
	items[++list->count] = NULL;
	return 0;
}

bool strings_contain(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0) {
			return true;
		}
	}
	return false;
}

void ids_finish(struct ids *list)
{
	int saved = errno;

	free(list->items);
	*list = (struct ids){0};
	errno = saved;
}

int ids_add(struct ids *list, int64_t id)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity > 0 ? list->capacity * 2 : 16;
		int64_t *items = realloc(list->items, capacity * sizeof(*items));

		if (items == NULL) {
			return -ENOMEM;
		}
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = id;
	return 0;
}

bool ids_contain(const struct ids *list, int64_t id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i] == id) {
			return true;
		}
	}
	return false;
}

const char *ids_text(const struct ids *list, char text[IDS_TEXT_MAX])
{
	size_t shown = list->count < LIMIT_IDS_SHOWN ? list->count : LIMIT_IDS_SHOWN;
	size_t used = 0;

	text[used++] = '[';
	for (size_t i = 0; i < shown; i++) {
		used += (size_t)snprintf(text + used, IDS_TEXT_MAX - used, "%s%" PRId64,
					 i > 0 ? " " : "", list->items[i]);
	}
	if (shown < list->count) {
		used += (size_t)snprintf(text + used, IDS_TEXT_MAX - used, " and %zu more",
					 list->count - shown);
	}
	(void)snprintf(text + used, IDS_TEXT_MAX - used, "]");
	return text;
}
