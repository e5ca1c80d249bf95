/*
 * label.h - which release a sample program plays, written behind its own last byte.
 *
 * An ELF file may have anything behind its end. So one build serves for every version and every
 * misbehaviour, and each copy still is a file of its own, with its own hash and inode, that runs
 * as itself.
 */
#ifndef SAMPLES_LABEL_H
#define SAMPLES_LABEL_H

#include <stddef.h>

#include "base/error.h"

struct label {
	char version[64];
	char behaviour[64]; /* a row of behaviour.c; "healthy" */
	size_t migrations;  /* how many it knows, from the first on */
};

/* Reads the label of the running program. -ENOENT: it has none. */
MUST_CHECK int label_read(struct label *ret, struct error *err);

/* Copies the program at from to to, mode 0755, with the label behind it. */
MUST_CHECK int label_write(const char *from, const char *to, const struct label *label,
			   struct error *err);

#endif
