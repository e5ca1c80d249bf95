/*
 * show.h - what `config show` tells a person: files in order, values with where they come from.
 */
#ifndef UPDATE_SHOW_H
#define UPDATE_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

/* Lines of at most width columns, but for words that are longer. False when not all of it could be
 * written. */
bool show_config(FILE *to, const struct config *config, unsigned width);

#endif
