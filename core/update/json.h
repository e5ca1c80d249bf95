/*
 * json.h - the one object that --json prints, errors too.
 */
#ifndef UPDATE_JSON_H
#define UPDATE_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "update/update.h"

#define JSON_SCHEMA 1

/* Text from outside need not be UTF-8, which JSON is: it is made fit first. NULL becomes null. */
json_t *json_text(const char *text);

/* One line, and the object is given back. False when it could not be written. */
bool json_write(FILE *to, json_t *object);

/* exit_code: what the process is about to exit with. False when it could not be written. */
bool json_print(FILE *to, const struct update *update, int exit_code);

/* The files and values of `config show`: another object, with the same two keys in front. */
bool json_print_config(FILE *to, const struct config *config);

/* What `plugin` found: plugins as json_print() has them. */
bool json_print_plugins(FILE *to, const struct preflight_report *preflight, int exit_code);

/* How a command ended that is no run. */
bool json_print_error(FILE *to, const char *command, enum result result, const struct error *err);

/* The object of json_print() for a command line or configuration that could not be used. */
bool json_print_usage(FILE *to, const char *command, const struct error *err);

#endif
