/*
 * fetch.h - bytes from a URL, handed over as they arrive, never more than allowed.
 *
 * All reading of release documents goes through here and through one table of schemes. What
 * arrives is not trusted, whatever it came over.
 */
#ifndef RELEASE_FETCH_H
#define RELEASE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Who gets the bytes, in pieces of any size. */
struct fetch_sink {
	int (*take)(void *data, const void *bytes, size_t length, struct error *err);
	void *data;
	uint64_t maximum; /* bytes altogether */
};

/* -ENOTSUP: a scheme this build does not fetch; -EFBIG: more than maximum; what take returned. */
MUST_CHECK int fetch(const char *url, const struct fetch_sink *sink, struct error *err);

/* Appends a whole document; its size is limited by the buffer's. */
MUST_CHECK int fetch_document(const char *url, struct buffer *buffer, struct error *err);

#endif
