/*
 * config_case.c - config_case.h.
 */
#include "config_case.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config_case load(const char *text, bool rooted)
{
	struct config_case loaded = {.scratch = scratch_make()};

	loaded.path = scratch_path(&loaded.scratch, "banger.ini");
	scratch_write(loaded.path, text);
	loaded.rc = config_load(loaded.path, rooted ? loaded.scratch.path : NULL, &loaded.config,
				&loaded.err);
	return loaded;
}

struct config_case case_load(const char *text)
{
	return load(text, true);
}

struct config_case case_load_rootless(const char *text)
{
	return load(text, false);
}

void case_finish(struct config_case *loaded)
{
	config_free(loaded->config);
	free(loaded->path);
	scratch_remove(&loaded->scratch);
}

struct config_case case_good(const char *text)
{
	struct config_case loaded = case_load(text);

	cr_assert(loaded.rc == 0, "refused: %s", loaded.err.text);
	return loaded;
}

void case_refused(const char *text, unsigned line, const char *part)
{
	struct config_case loaded = case_load(text);
	char *position = NULL;

	cr_assert(loaded.rc == -EINVAL, "%d instead of -EINVAL for:\n%s", loaded.rc, text);
	cr_assert(loaded.config == NULL, "a refused file left a config behind");
	cr_assert(asprintf(&position, "%s:%u: ", loaded.path, line) > 0);
	cr_assert(strncmp(loaded.err.text, position, strlen(position)) == 0,
		  "'%s' does not begin with '%s'", loaded.err.text, position);
	cr_assert(strstr(loaded.err.text, part) != NULL, "'%s' does not say '%s'", loaded.err.text,
		  part);
	free(position);
	case_finish(&loaded);
}
