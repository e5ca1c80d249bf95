/*
 * values.h - the text of a value -> the typed member of a struct.
 */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "base/error.h"
#include "config/keys.h"

/*
 * Parses text as row's type and stores it at row's offset in base (the struct of the section),
 * freeing what was there. root ("" for none) is put in front of paths. An empty text leaves the
 * member unset where the row allows that. -EINVAL with "KEY = TEXT: " in front of what is wrong
 * and how to write it; base is unchanged then.
 */
MUST_CHECK int value_store(const struct key_row *row, const char *text, const char *root,
			   void *base, struct error *err);

/* The refusal of values that look as if a comment followed, for values without a row too. */
MUST_CHECK int value_check_comment(const char *text, struct error *err);

#endif
