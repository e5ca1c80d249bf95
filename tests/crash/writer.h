/*
 * writer.h - a client that has the daemon store one row after the other, all the while, and knows
 * which of them were acknowledged. It is a process of its own; a daemon that is away is tried
 * again.
 */
#ifndef CRASH_WRITER_H
#define CRASH_WRITER_H

#include "flow/world.h"

struct writer_notes;

struct writer {
	const struct world *world;
	struct writer_notes *notes; /* shared with it */
	pid_t pid;
};

struct writer writer_start(const struct world *world);
/* Waits until so many more rows were acknowledged than there are now. */
void writer_await(const struct writer *writer, unsigned long more);
unsigned long writer_acknowledged(const struct writer *writer);
/* Ends it; what it knows stays. */
void writer_stop(struct writer *writer);
void writer_finish(struct writer *writer);

/* Where the acknowledged rows are now. */
struct whereabouts {
	unsigned long live;
	unsigned long aside; /* not in the live database but in one that was set aside */
	unsigned long lost;
};
struct whereabouts writer_find(const struct writer *writer);

#endif
