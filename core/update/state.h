/*
 * state.h - what is installed, what can be gone back to, and how the last run ended: one JSON
 * object, for `status`, for --json and for the file that ordinary users read.
 */
#ifndef UPDATE_STATE_H
#define UPDATE_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "update/update.h"

/* From the journal that is open and the files as they are. The caller gives it back. */
MUST_CHECK int state_describe(struct update *update, json_t **ret, struct error *err);

/* The same as it was when a run last ended: from path, for who may not read the journal. */
MUST_CHECK int state_read(const char *path, json_t **ret, struct error *err);

/* Replaces path (by rename) with what is so now. A directory that is not ours to write is passed
 * over: everything else goes on without the file. */
void state_publish(struct update *update, const char *path);

/* For a person. False when it could not be written. */
bool state_print(FILE *to, const json_t *state);

#endif
