/*
 * sanitizer.h - is AddressSanitizer in this build?
 *
 * Its shadow memory is beyond any limit, and its leak check needs a thread and /proc: a helper
 * built with it keeps its user, memory and files as they are.
 */
#ifndef BASE_SANITIZER_H
#define BASE_SANITIZER_H

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED_ADDRESSES true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED_ADDRESSES true
#endif
#endif
#ifndef SANITIZED_ADDRESSES
#define SANITIZED_ADDRESSES false
#endif

#endif
