/*
 * document.h - what manifest.json and release.json have in common: JSON read strictly, and the
 * schema_version that decides whether this updater may read on.
 */
#ifndef RELEASE_DOCUMENT_H
#define RELEASE_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

#define DOCUMENT_SCHEMA_VERSION 1

/* An object with schema_version 1 and no key twice; the caller releases it. code is returned for
 * everything that is wrong with it (but -ENOMEM). */
MUST_CHECK int document_parse(const char *bytes, size_t length, int code, json_t **ret,
			      struct error *err);

/* The string under key, borrowed; NULL when there is none or it is not a string. */
const char *document_string(const json_t *object, const char *key);

#endif
