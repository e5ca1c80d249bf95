/*
 * say.h - one sentence on how a command ended.
 */
#ifndef UPDATE_SAY_H
#define UPDATE_SAY_H

#include "update/update.h"

/* Success goes to stdout, everything else to stderr. */
void say_result(const struct update *update);

/* What was installed when the run began, for a sentence. */
const char *say_was(const struct update *update);

/* The end of every command that runs: told, as text or as --json's object, and turned into the exit
 * code. */
int say_end(struct update *update, int exit_code);

/* A command line that cannot be used; its exit code. */
int say_usage(const struct options *options, const char *text);

#endif
