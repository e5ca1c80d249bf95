/*
 * trial_case.c - trial_case.h: parsed as main() does it.
 */
#include "trial_case.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "plugins/bench.h"

#define WORDS_MAX 32

/* The words stay where the options borrow from them: one case at a time is parsed. */
static void parse(const char *path, const char *words, struct options *ret)
{
	static char line[4096];
	char *argv[WORDS_MAX + 1] = {NULL};
	struct error err;
	char *rest = NULL;
	int argc = 0;

	argv[argc++] = (char[]){"banger-update"};
	argv[argc++] = (char[]){"plugin"};
	argv[argc++] = (char[]){"check"};
	(void)snprintf(line, sizeof(line), "%s %s", path, words);
	for (char *word = strtok_r(line, " ", &rest); word != NULL && argc < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest)) {
		argv[argc++] = word;
	}
	cr_assert_eq(options_parse(argc, argv, ret, &err), 0, "%s", err.text);
}

struct trial_case trial_case_make(const char *file, const char *words)
{
	struct trial_case made;
	auto_free char *path = NULL;
	struct error err = {0};

	cr_assert_gt(asprintf(&path, BENCH_PLUGINS "/%s", file), 0);
	parse(path, words, &made.options);
	cr_assert_eq(plugin_trial_init(&made.trial, &made.options, &err), 0, "%s", err.text);
	return made;
}

void trial_case_finish(struct trial_case *trial)
{
	plugin_trial_finish(&trial->trial);
	options_finish(&trial->options);
}

int trial_case_refused(const char *path, const char *words, struct error *err)
{
	struct plugin_trial trial;
	struct options options;

	parse(path, words, &options);
	int rc = plugin_trial_init(&trial, &options, err);

	plugin_trial_finish(&trial);
	options_finish(&options);
	return rc;
}
