/*
 * base64.h - RFC 4648 section 4, read strictly: one text for one value.
 */
#ifndef RELEASE_BASE64_H
#define RELEASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Decodes all of text into bytes (at most capacity of them). -EINVAL: a character that is not in
 * the alphabet (blanks and line ends included), missing or misplaced padding, bits set behind the
 * last byte; -E2BIG: more than capacity.
 */
MUST_CHECK int base64_decode(const char *text, size_t length, uint8_t *bytes, size_t capacity,
			     size_t *ret_length);

#endif
