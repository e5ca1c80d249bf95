/*
 * known.c - known.h: one choice and one list.
 */
#include "known.h"

#include <errno.h>
#include <string.h>

#include "support/subject.h"

int known_choose(const char *option, bool manifest_says, bool has_command, enum known_source *ret)
{
	bool is_auto = strcmp(option, "auto") == 0;
	bool by_manifest = is_auto || strcmp(option, "manifest") == 0;
	bool by_command = is_auto || strcmp(option, "command") == 0;

	if (!by_manifest && !by_command) {
		return -EINVAL;
	}
	if (by_manifest && manifest_says) {
		*ret = KNOWN_BY_MANIFEST;
	} else if (by_command && has_command) {
		*ret = KNOWN_BY_COMMAND;
	} else {
		*ret = KNOWN_BY_NOBODY;
	}
	return 0;
}

int known_parse(const char *list, struct ids *ret, struct error *err)
{
	auto_strings struct strings lines = {0};
	auto_ids struct ids ids = {0};

	if (subject_lines(list, &lines) < 0) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < lines.count; i++) {
		int64_t id = 0;

		if (text_parse_i64(lines.items[i], &id) < 0) {
			return error_set(err, -EINVAL, "the release names the migration \"%s\"",
					 lines.items[i]);
		}
		if (ids_add(&ids, id) < 0) {
			return error_no_memory(err);
		}
	}
	*ret = ids;
	ids = (struct ids){0};
	return 0;
}
