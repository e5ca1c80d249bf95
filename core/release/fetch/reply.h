/*
 * reply.h - what the fetch helper answers over its pipe, written and read.
 *
 * A greeting that carries the build, then frames: a letter, the length as four bytes (big-endian)
 * and so many bytes. C (how the helper is confined), H (what the server answered), any number of D
 * (the document) and E (how it ended), which is always the last and the only one that must come.
 * The reader takes bytes as they arrive, in pieces of any size, and believes none of them: the
 * helper has talked with strangers.
 */
#ifndef RELEASE_FETCH_REPLY_H
#define RELEASE_FETCH_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define REPLY_TEXT_MAX      2048u          /* of C, H and E */
#define REPLY_DATA_MAX      (256u * 1024u) /* of one D */
#define REPLY_HEAD_SIZE     5u
#define REPLY_VALIDATOR_MAX 256u

enum reply_kind {
	REPLY_CONFINEMENT = 'C',
	REPLY_HEADER = 'H',
	REPLY_DATA = 'D',
	REPLY_END = 'E',
};

struct reply_header {
	uint64_t status;       /* of HTTP: 200 or 206 */
	uint64_t start;        /* of the first byte that follows, in the document */
	uint64_t length;       /* of the whole document; 0 when has_length is false */
	const char *validator; /* a strong ETag or a date; "": none */
	bool has_length;
};

/* How it ended, as a code: what can be tried again, and what cannot be mended by that. */
struct reply_reason {
	const char *word;
	int code;
	bool again; /* may pass by itself */
};
/* Ended by a NULL word. */
extern const struct reply_reason reply_reasons[];
/* True when an attempt that failed with code may be worth another. */
bool reply_may_pass(int code);

/* Writing: each appends to bytes. -E2BIG, -ENOMEM. */
MUST_CHECK int reply_add_greeting(struct buffer *bytes);
MUST_CHECK int reply_add_confinement(struct buffer *bytes, const char *text);
MUST_CHECK int reply_add_header(struct buffer *bytes, const struct reply_header *header);
MUST_CHECK int reply_add_end(struct buffer *bytes, const struct error *failure); /* NULL: ok */
/* The head of a D frame; the data is written behind it. */
void reply_data_head(size_t length, unsigned char head[REPLY_HEAD_SIZE]);

/* Who gets what was read. Each returns 0 or a negative code, which ends the reading. */
struct reply_taker {
	int (*confinement)(void *data, const char *text, struct error *err);
	int (*header)(void *data, const struct reply_header *header, struct error *err);
	int (*bytes)(void *data, const void *bytes, size_t length, struct error *err);
	void *data;
};

struct reply_reader {
	const struct reply_taker *taker;
	char text[REPLY_TEXT_MAX + 1]; /* greeting, head of a frame, C, H or E so far */
	size_t length;                 /* of text */
	size_t wanted;                 /* what text is read up to, or data still to come */
	char kind;                     /* of the frame that is read; 0: none */
	bool greeted, confined, answered, ended;
	struct error end; /* once ended: code 0 and no text, or why not */
};

void reply_reader_init(struct reply_reader *reader, const struct reply_taker *taker);

/* -EPROTO: not this build's helper, or not its protocol; else what the taker returned. */
MUST_CHECK int reply_reader_feed(struct reply_reader *reader, const void *bytes, size_t length,
				 struct error *err);

/* The pipe is at its end: 0, why the helper failed, or -EPROTO when it said nothing whole. */
MUST_CHECK int reply_reader_finish(const struct reply_reader *reader, struct error *err);

#endif
