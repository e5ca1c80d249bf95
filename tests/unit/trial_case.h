/*
 * trial_case.h - a plugin of tests/plugins with the command line of `plugin check`. A failure in
 * here ends the test.
 */
#ifndef TEST_TRIAL_CASE_H
#define TEST_TRIAL_CASE_H

#include "update/plugin_trial.h"

struct trial_case {
	struct plugin_trial trial;
	struct options options;
};
#define auto_trial_case __attribute__((cleanup(trial_case_finish)))

/* file: its name in BENCH_PLUGINS; words: options, with one blank between them. */
struct trial_case trial_case_make(const char *file, const char *words);
void trial_case_finish(struct trial_case *trial);

/* The same without the plugin: what plugin_trial_init() says, which must fail. */
int trial_case_refused(const char *path, const char *words, struct error *err);

#endif
