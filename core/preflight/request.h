/*
 * request.h - what the updater asks of a plugin's process, as bytes in a sealed memory file.
 *
 * The encoding is a row of strings, each with its NUL: a magic word with the encoding's number,
 * the build, the plugin's name, its file, its scratch directory, the numbers in the order of struct
 * request (true is 1), the number of options, then a key and a value for each, the number of
 * subject entries and again a key and a value for each. At most LIMIT_PLUGIN_REQUEST bytes. Not
 * argv: that has a smaller limit and every user can read it.
 */
#ifndef PREFLIGHT_REQUEST_H
#define PREFLIGHT_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/subject.h"

/* What a plugin is put through besides a plain check, for its authors. */
enum trial {
	TRIAL_NONE,
	TRIAL_DESCRIBE,  /* its descriptor becomes facts, and check() is not called */
	TRIAL_FIT,       /* its section is compared with what it declares, and nothing more */
	TRIAL_CANCELLED, /* cancelled from the start */
	TRIAL_NO_TIME,   /* nothing remains from the start */
	TRIAL_COUNT,
};

struct request {
	const char *name;    /* borrowed, as all strings here */
	const char *path;    /* absolute */
	const char *scratch; /* a directory of its own; NULL: it gets none */
	uint64_t timeout_ms;
	uint64_t grants; /* PF_NEED_* */
	bool has_section;
	bool is_program;       /* to be executed, not loaded */
	bool must_be_confined; /* else it is not run at all */
	bool change_user;
	uint32_t uid;
	uint32_t gid;
	enum trial trial;
	const struct pairs *options;
	const struct pairs *subject;
};

/* Appends the request. -E2BIG: it does not fit; -ENOMEM. */
MUST_CHECK int request_encode(const struct request *request, struct buffer *buffer);

/*
 * The request in bytes. Strings of *ret point into bytes; the pairs are filled into *options and
 * *subject, which the caller has emptied and frees. -EPROTO: not a request, or one of another
 * build.
 */
MUST_CHECK int request_decode(const char *bytes, size_t length, struct pairs *options,
			      struct pairs *subject, struct request *ret, struct error *err);

/* The request in a sealed memory file. Returns a descriptor or a negative errno value. */
MUST_CHECK int request_open(const struct request *request, struct error *err);

#endif
