/*
 * base64.c - base64.h: four characters at a time.
 *
 * libcrypto's decoder skips blanks and knows no capacity; a signature must have one spelling.
 */
#include "release/base64.h"

#include <errno.h>
#include <stdbool.h>

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	if (c == '+') {
		return 62;
	}
	return c == '/' ? 63 : -1;
}

/* Four characters as 24 bits, '=' counting as zero in the last padding places. */
static int read_group(const char *text, size_t padding, uint32_t *ret)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		bool is_padding = i >= 4 - padding;
		int value = is_padding ? 0 : value_of(text[i]);

		if (value < 0) {
			return -EINVAL;
		}
		bits = bits << 6 | (uint32_t)value;
	}
	*ret = bits;
	return 0;
}

static size_t padding_of(const char *group)
{
	if (group[3] != '=') {
		return 0;
	}
	return group[2] == '=' ? 2 : 1;
}

int base64_decode(const char *text, size_t length, uint8_t *bytes, size_t capacity,
		  size_t *ret_length)
{
	size_t used = 0;

	if (length % 4 != 0) {
		return -EINVAL;
	}
	for (size_t at = 0; at < length; at += 4) {
		size_t padding = at + 4 == length ? padding_of(text + at) : 0;
		size_t count = 3 - padding;
		uint32_t bits = 0;
		int rc = read_group(text + at, padding, &bits);

		if (rc < 0 || (bits & ((1u << 8 * padding) - 1)) != 0) {
			return -EINVAL;
		}
		if (count > capacity - used) {
			return -E2BIG;
		}
		for (size_t i = 0; i < count; i++) {
			bytes[used++] = (uint8_t)(bits >> (16 - 8 * i));
		}
	}
	*ret_length = used;
	return 0;
}
