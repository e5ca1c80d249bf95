/*
 * package_answer.h - what a package manager said when it was asked who owns some paths.
 */
#ifndef INSTALL_PACKAGE_ANSWER_H
#define INSTALL_PACKAGE_ANSWER_H

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"

enum package_dialect {
	PACKAGE_DPKG,   /* dpkg-query --search PATH… */
	PACKAGE_RPM,    /* rpm -qf --queryformat PACKAGE_RPM_FORMAT PATH… */
	PACKAGE_PACMAN, /* pacman -Qo PATH… */
};
#define PACKAGE_RPM_FORMAT "package %{NAME}\\n"

/* path as the manager is to be asked about: dpkg-query takes some characters for a pattern. */
MUST_CHECK char *package_question(enum package_dialect dialect, const char *path);

/*
 * paths are those that were asked about, in this order. 1: *ret_index is the first of them that
 * belongs to a package, *ret_package. 0: it said of each that no package has it. -EIO, with the
 * reason: it failed, or did not say.
 */
MUST_CHECK int package_answer_read(enum package_dialect dialect,
				   const struct process_result *answer, const struct strings *paths,
				   size_t *ret_index, char **ret_package, struct error *err);

#endif
