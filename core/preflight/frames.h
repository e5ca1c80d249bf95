/*
 * frames.h - what a plugin's process tells the updater, as bytes on a pipe.
 *
 * A frame is a header {u32 length of the payload, u16 type, u16 zero} and a payload of numbers
 * first and strings, each with its NUL, behind. Both ends are the same build on the same machine,
 * so numbers are the machine's own. The sender may be a plugin that has gone mad: nothing here
 * believes a length, a string or an order without looking.
 */
#ifndef PREFLIGHT_FRAMES_H
#define PREFLIGHT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define FRAMES_PROTOCOL 2u
#define FRAME_HEADER    8u

/* Descriptors that the updater hands to the helper. */
#define HOST_REQUEST_FD 3
#define HOST_RESULTS_FD 4
#define HOST_DENIAL_FD  5 /* only where the updater could build the filter */

enum frame_type {
	FRAME_HELLO = 1, /* first, once */
	FRAME_LOG = 2,
	FRAME_FACT = 3,
	FRAME_FINDING = 4,
	FRAME_DONE = 5,     /* last, once */
	FRAME_CONFINED = 6, /* once, before any of the plugin's code runs */
	FRAME_DATABASE = 7, /* it wants to be started again, as the database's user */
};

/* One frame; strings are borrowed. Each type uses the fields that are named behind it. */
struct frame {
	enum frame_type type;
	uint32_t protocol;  /* hello */
	const char *build;  /* hello */
	int32_t level;      /* log */
	int32_t verdict;    /* finding */
	int32_t result;     /* done: what check() returned */
	bool is_number;     /* fact: number, else text */
	int64_t number;     /* fact */
	const char *code;   /* finding; fact: its key */
	const char *text;   /* log, finding, fact; confined: how */
	bool is_whole;      /* confined: nothing of it was refused */
	const char *remedy; /* finding; NULL: none */
};

/* [A-Za-z0-9][A-Za-z0-9._-]*, at most LIMIT_FACT_KEY bytes. */
bool frame_code_is_valid(const char *code);

/* Appends the frame. 0, -EINVAL (a field is not valid), -E2BIG (too long), -ENOMEM; a failure adds
 * nothing. */
MUST_CHECK int frame_encode(const struct frame *frame, struct buffer *buffer);

/*
 * Reads the frame at the beginning of bytes. 1: *ret is filled, its strings point into bytes, and
 * *ret_used bytes belong to it. 0: more bytes are needed. -EPROTO: this is no frame.
 */
MUST_CHECK int frame_decode(const char *bytes, size_t length, struct frame *ret, size_t *ret_used,
			    struct error *err);

/* What has gone by on one pipe: order, counts and total. Zero-initialised. */
struct frame_sequence {
	size_t total;
	unsigned findings;
	unsigned facts;
	bool said_hello;
	bool is_confined;
	bool is_done;
};

/* Takes note of the next frame, of size bytes. -EPROTO: it may not come here, or one too many. */
MUST_CHECK int frame_sequence_add(struct frame_sequence *sequence, const struct frame *frame,
				  size_t size, struct error *err);

#endif
