/*
 * file_case.h - what tests of files have in common.
 */
#ifndef UNIT_FILE_CASE_H
#define UNIT_FILE_CASE_H

#include "support/scratch.h"

/* A directory that everybody may look into. */
struct scratch file_case_make(void);

/* What body returns in a child that has no rights of root; 0 or a negative errno value. */
int as_ordinary_user(int (*body)(const char *path), const char *path);

#endif
