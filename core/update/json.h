/*
 * json.h - the one object that --json prints, errors too.
 */
#ifndef UPDATE_JSON_H
#define UPDATE_JSON_H

#include <stdio.h>

#include "update/update.h"

/* exit_code: what the process is about to exit with. False when it could not be written. */
bool json_print(FILE *to, const struct update *update, int exit_code);

/* The files and values of `config show`: another object, with the same two keys in front. */
bool json_print_config(FILE *to, const struct config *config);

/* The object of json_print() for a command line or configuration that could not be used. */
bool json_print_usage(FILE *to, const char *command, const struct error *err);

#endif
