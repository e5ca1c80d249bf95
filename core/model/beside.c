/*
 * beside.c - beside.h: the table, and whether a path is in it.
 */
#include "model/beside.h"

#include <stddef.h>
#include <string.h>

const char *const beside_suffixes[] = {
	BESIDE_NEW, BESIDE_LINK, BESIDE_BACKUP, BESIDE_EARLIER, NULL,
};

bool beside_has(const char *installed, const char *path)
{
	size_t length = strlen(installed);

	if (strncmp(path, installed, length) != 0) {
		return false;
	}
	bool has = path[length] == '\0';

	for (size_t i = 0; beside_suffixes[i] != NULL && !has; i++) {
		has = strcmp(path + length, beside_suffixes[i]) == 0;
	}
	return has;
}
