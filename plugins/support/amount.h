/*
 * amount.h - numbers for people.
 */
#ifndef SUPPORT_AMOUNT_H
#define SUPPORT_AMOUNT_H

#include <stdint.h>

#define AMOUNT_TEXT_MAX 32

/* "0 bytes", "512 bytes", "1.5 KiB", "3.0 GiB". */
const char *amount_bytes(uint64_t bytes, char text[AMOUNT_TEXT_MAX]);

/* "0.4 s", "12.3 s", "4 min 5 s". */
const char *amount_time(uint64_t ms, char text[AMOUNT_TEXT_MAX]);

#endif
