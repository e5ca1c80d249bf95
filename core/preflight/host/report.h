/*
 * report.h - the sending end of the frames: one pipe to the updater, and a budget.
 */
#ifndef HOST_REPORT_H
#define HOST_REPORT_H

#include "preflight/frames.h"

struct report {
	int fd;
	size_t sent;
	size_t logged;
	struct frame_sequence sequence;
};

/* Takes fd away from where a plugin would guess it, closes it on exec, and says hello. */
MUST_CHECK int report_open(int fd, struct report *ret);

/*
 * Sends a frame. 0, -EINVAL, -E2BIG (a limit of banger/preflight.h: room for the last words is
 * always kept), -ENOMEM, -EIO. What is refused is not sent in part.
 */
MUST_CHECK int report_send(struct report *report, const struct frame *frame);

/* The helper's own last words: a finding of PF_ERROR. Failing to say them needs no handling: the
 * updater then misses the last frame. */
void report_error(struct report *report, const char *code, const char *text, const char *remedy);

/* The last frame. */
MUST_CHECK int report_done(struct report *report, int32_t result);

#endif
