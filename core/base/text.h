/*
 * text.h - strings: strict numbers, UTF-8, lists and what may reach a terminal.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Decimal digits and nothing else (one leading '-' for i64): 0, -EINVAL, -ERANGE. */
MUST_CHECK int text_parse_u64(const char *text, uint64_t *ret);
MUST_CHECK int text_parse_i64(const char *text, int64_t *ret);

/* A duration as the INI writes it ("250ms", "30s", "15min", "2h"), in milliseconds. */
MUST_CHECK int text_parse_duration(const char *text, uint64_t *ret_ms);

/* A size as the INI writes it ("512", "64KiB", "256MiB", "1GiB"), in bytes. */
MUST_CHECK int text_parse_size(const char *text, uint64_t *ret_bytes);

/* Well-formed UTF-8 (Unicode 15, table 3-7) without NUL. */
bool text_is_utf8(const char *bytes, size_t length);

/* Makes outside text fit for a terminal, in place: control characters except \n and \t, bytes
 * that are not UTF-8, and bidirectional overrides become '?'. */
void text_sanitize(char *text);

/* True when haystack contains word as a whole word: not touching a letter, digit, '.', '-', '+' or
 * '_' that makes it part of a longer one. One "v" in front of it and a full stop behind it do not
 * count. */
bool text_has_word(const char *haystack, const char *word);

bool text_has_prefix(const char *text, const char *prefix);
bool text_has_suffix(const char *text, const char *suffix);

/* A list of owned strings; items, once there are any, ends with a NULL. */
struct strings {
	char **items;
	size_t count;
};
#define auto_strings __attribute__((cleanup(strings_finish)))

void strings_finish(struct strings *list);
MUST_CHECK int strings_add(struct strings *list, const char *text); /* copies; 0 or -ENOMEM */
bool strings_contain(const struct strings *list, const char *text);

/* A list of numbers, as migration identifiers are. */
struct ids {
	int64_t *items;
	size_t count;
	size_t capacity;
};
#define auto_ids __attribute__((cleanup(ids_finish)))

void ids_finish(struct ids *list);
MUST_CHECK int ids_add(struct ids *list, int64_t id); /* 0 or -ENOMEM */
bool ids_contain(const struct ids *list, int64_t id);

/* "[1 2 3]", at most LIMIT_IDS_SHOWN of them, then " and N more" before the bracket closes. */
#define IDS_TEXT_MAX 512
const char *ids_text(const struct ids *list, char text[IDS_TEXT_MAX]);

#endif
