/*
 * check.h - what one value cannot tell: whether the sections agree with each other.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "base/error.h"
#include "config/config.h"
#include "config/document.h"

/* 0, or -EINVAL with the line that would have to change in front. config was filled from
 * document, its lists in the order of its sections. */
MUST_CHECK int config_check(const struct config *config, const struct document *document,
			    struct error *err);

#endif
