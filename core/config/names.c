/*
 * names.c - strict rules for names and paths, since they end in file names and arguments.
 */
#include "config/names.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define PRODUCT_MAX 64u
#define NAME_LENGTH 255u

static bool is_one_of(char c, const char *others)
{
	return ((unsigned char)c < 0x80 && isalnum((unsigned char)c)) ||
	       (c != '\0' && strchr(others, c) != NULL);
}

bool name_is_made_of(const char *name, const char *first, const char *others, size_t maximum)
{
	size_t length = strlen(name);

	if (length > maximum || !is_one_of(name[0], first)) {
		return false;
	}
	for (size_t i = 1; i < length; i++) {
		if (!is_one_of(name[i], others)) {
			return false;
		}
	}
	return true;
}

const char *name_fault_product(const char *name)
{
	bool has_capital = strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;

	if (has_capital || !name_is_made_of(name, "", "._-", PRODUCT_MAX)) {
		return "a product's name has at most 64 small letters, digits, '.', '_' and '-', "
		       "and begins with a letter or digit";
	}
	return NULL;
}

const char *name_fault_artifact(const char *name)
{
	if (!name_is_made_of(name, "_", "._+-", NAME_LENGTH)) {
		return "write the NAME of an [artifact NAME]";
	}
	return NULL;
}

const char *name_fault_user(const char *name)
{
	if (!name_is_made_of(name, "_", "._-$", NAME_LENGTH)) {
		return "write one name like www-data, or a number";
	}
	return NULL;
}

const char *name_fault_table(const char *name)
{
	if (isdigit((unsigned char)name[0]) || !name_is_made_of(name, "_", "_$", NAME_LENGTH)) {
		return "a table's name has letters, digits, '_' and '$', and does not begin with "
		       "a digit";
	}
	return NULL;
}

static bool is_dots(const char *component, size_t length)
{
	return (length == 1 || length == 2) && strncmp(component, "..", length) == 0;
}

const char *name_fault_path(const char *path)
{
	if (path[0] != '/') {
		return "write an absolute path, one that begins with '/'";
	}
	if (path[1] == '\0') {
		return "the root directory itself cannot be meant";
	}
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (length == 0) {
			return "write it without '//' and without '/' at its end";
		}
		if (is_dots(path, length)) {
			return "write it without the components '.' and '..'";
		}
		if (length > NAME_MAX) {
			return "a file's name has at most 255 bytes";
		}
		path += length;
	}
	return NULL;
}
