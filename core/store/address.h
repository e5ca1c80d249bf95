/*
 * address.h - a path as SQLite's URI, so that no character of it means anything.
 */
#ifndef STORE_ADDRESS_H
#define STORE_ADDRESS_H

#include "base/error.h"

/*
 * "file:<path, percent-encoded>?<parameters>", for the caller to free. -ENAMETOOLONG when the path
 * is longer than SQLite can open. Source: sqlite.org/uri.html.
 */
MUST_CHECK int store_address(const char *path, const char *parameters, char **ret,
			     struct error *err);

#endif
