/*
 * output.h - a stream for reports that nobody may be reading: a terminal that was stopped (Ctrl-S)
 * or a pipe that is full must not hold up who reports, perhaps with a daemon down.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

struct output {
	int fd;
	size_t chunk; /* what a write(2) takes without waiting once poll(2) says so */
	int patience_ms;
	int left_ms; /* 0 while nobody reads */
};

/*
 * A line-buffered stream to fd, which stays the caller's. What the reader does not take within
 * patience_ms is dropped, and from then on everything until it reads again. Nothing written to it
 * ever fails. output lives as long as the stream; NULL: no memory.
 */
FILE *output_open(struct output *output, int fd, int patience_ms);

#endif
