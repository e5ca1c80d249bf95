/*
 * tail.h - the end of what a command wrote, behind the sentence that tells of its failure.
 */
#ifndef SERVICE_TAIL_H
#define SERVICE_TAIL_H

#include "base/error.h"

/* Appends the last lines of text, fit for a terminal, to err's sentence; nothing when it is blank.
 */
void tail_append_text(const char *text, struct error *err);

/* The same with the end of a file. Returns err->code. */
int tail_append(int fd, struct error *err);

#endif
