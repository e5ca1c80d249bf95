/*
 * amount.c - amount.h: one decimal is enough for a decision.
 */
#include "support/amount.h"

#include <stddef.h>
#include <stdio.h>

const char *amount_bytes(uint64_t bytes, char text[AMOUNT_TEXT_MAX])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	double amount = (double)bytes / 1024.0;
	size_t unit = 0;

	if (bytes < 1024) {
		(void)snprintf(text, AMOUNT_TEXT_MAX, "%u bytes", (unsigned)bytes);
		return text;
	}
	while (amount >= 1024.0 && unit < last) {
		amount /= 1024.0;
		unit++;
	}
	(void)snprintf(text, AMOUNT_TEXT_MAX, "%.1f %s", amount, units[unit]);
	return text;
}

const char *amount_time(uint64_t ms, char text[AMOUNT_TEXT_MAX])
{
	if (ms < 60000) {
		(void)snprintf(text, AMOUNT_TEXT_MAX, "%.1f s", (double)ms / 1000.0);
	} else {
		(void)snprintf(text, AMOUNT_TEXT_MAX, "%llu min %llu s",
			       (unsigned long long)(ms / 60000),
			       (unsigned long long)(ms / 1000 % 60));
	}
	return text;
}
