/*
 * subject.h - reading the subject's lists and the entries of a list's members.
 */
#ifndef SUPPORT_SUBJECT_H
#define SUPPORT_SUBJECT_H

#include <banger/preflight.h>

#include "base/text.h"

/* The lines of a list; empty ones are left out, NULL is an empty list. 0 or -ENOMEM. */
MUST_CHECK int subject_lines(const char *list, struct strings *ret);

/* The words of a value, separated by blanks. 0 or -ENOMEM. */
MUST_CHECK int subject_words(const char *value, struct strings *ret);

/* The entry GROUP.NAME.KEY ("artifact", "bangerd", "staged"); key NULL: GROUP.NAME. NULL: not
 * there. */
const char *subject_entry(const struct pf_host *h, const char *group, const char *name,
			  const char *key);

#endif
