/*
 * fill.h - a document -> struct config, key by key along the table.
 */
#ifndef CONFIG_FILL_H
#define CONFIG_FILL_H

#include "base/error.h"
#include "config/config.h"
#include "config/document.h"

/*
 * Fills an empty config, whose root is set, with the document's values and the defaults of all
 * others. -EINVAL with "FILE:LINE: " in front; what was filled until then stays in config.
 */
MUST_CHECK int config_fill(struct config *config, const struct document *document,
			   struct error *err);

#endif
