/*
 * files.h - the files of a configuration -> one document.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "base/error.h"
#include "config/document.h"
#include "config/search.h"

/*
 * Reads the main file, then merges the drop-ins in order. Run as root, every file read and every
 * directory looked into must pass trust_check_chain(): -EPERM. sources has at least one file;
 * *ret, which may be half filled after an error, is finished by the caller in any case.
 */
MUST_CHECK int files_read(const struct sources *sources, struct document *ret, struct error *err);

#endif
