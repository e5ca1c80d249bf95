/*
 * names.h - what may be a name or a path; each answers with what is wrong.
 */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* ASCII letters and digits, and from others; the first byte from first instead. Not empty, at most
 * maximum bytes. */
bool name_is_made_of(const char *name, const char *first, const char *others, size_t maximum);

/* NULL: as it should be; else a sentence that says how it should be. */
const char *name_fault_product(const char *name);
const char *name_fault_artifact(const char *name);
const char *name_fault_user(const char *name);
const char *name_fault_table(const char *name);
/* Absolute, one way to be written: no "//", ".", "..", no '/' at the end. */
const char *name_fault_path(const char *path);

#endif
