/*
 * collect.h - a plugin's words on their way into its report: made fit for a terminal, facts as
 * JSON.
 */
#ifndef PREFLIGHT_COLLECT_H
#define PREFLIGHT_COLLECT_H

#include "preflight/child.h"

/* Takes over what a valid frame says. 0, -ENOMEM, -EPROTO with child->reason. */
MUST_CHECK int collect_frame(struct child *child, const struct frame *frame);

/* A fact whose value is text that is not fit for a terminal yet. 0, -ENOMEM. */
MUST_CHECK int collect_fact_text(struct pairs *facts, const char *key, const char *text);
MUST_CHECK int collect_fact_number(struct pairs *facts, const char *key, int64_t number);

/* Keeps bytes that the plugin wrote to stdout or stderr, as far as there is room. */
MUST_CHECK int collect_output(struct child *child, const char *bytes, size_t length);

/* Moves the kept output into the report. */
MUST_CHECK int collect_finish(struct child *child);

/* Appends text as a JSON string (RFC 8259 section 7). 0, -E2BIG, -ENOMEM. */
MUST_CHECK int collect_json_string(const char *text, struct buffer *buffer);

#endif
