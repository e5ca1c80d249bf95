/*
 * tarball.c - tarball.h.
 */
#include "release/tarball.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *const tarball_suffixes[] = {".tar.zst", ".tar.xz", ".tar.gz", NULL};

size_t tarball_rank(const char *name)
{
	size_t rank = 0;

	while (tarball_suffixes[rank] != NULL && !text_has_suffix(name, tarball_suffixes[rank])) {
		rank++;
	}
	return rank;
}

/* The length of text without the given end, or 0 when it does not end so. */
static size_t without_end(const char *text, size_t length, const char *end)
{
	size_t cut = strlen(end);

	return length > cut && memcmp(text + length - cut, end, cut) == 0 ? length - cut : 0;
}

int tarball_version(const char *name, const char *product, const char *machine, struct version *ret)
{
	const char *suffix = tarball_suffixes[tarball_rank(name)];
	size_t head = strlen(product);
	char text[VERSION_TEXT_MAX + 1];
	struct error ignored;

	if (suffix == NULL || strncmp(name, product, head) != 0 || name[head] != '-') {
		return -ENOENT;
	}
	const char *at = name + head + 1;
	size_t length = without_end(at, strlen(at), suffix);

	length = without_end(at, length, machine);
	length = without_end(at, length, "-linux-");
	if (length == 0 || length >= sizeof(text)) {
		return -ENOENT;
	}
	memcpy(text, at, length);
	text[length] = '\0';
	return version_parse(text, ret, &ignored) < 0 ? -ENOENT : 0;
}

bool tarball_is(const char *name, const char *product, const struct version *version,
		const char *machine)
{
	struct version found;

	return tarball_version(name, product, machine, &found) == 0 &&
	       strcmp(found.text, version->text) == 0;
}

const char *tarball_pattern(const char *product, const struct version *version, const char *machine,
			    char text[TARBALL_PATTERN_MAX])
{
	(void)snprintf(text, TARBALL_PATTERN_MAX, "%s-%s-linux-%s.tar.{zst,xz,gz}", product,
		       version->text, machine);
	return text;
}
