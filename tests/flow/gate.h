/*
 * gate.h - a point where a command of the INI file waits until the test lets it go on, so that the
 * test can act in the middle of a run without guessing how long something takes.
 */
#ifndef FLOW_GATE_H
#define FLOW_GATE_H

#include "flow/world.h"

struct gate {
	char *words; /* for a shell: say that this was reached, and wait; once */
	char *reached;
	int seen; /* descriptors of the two pipes */
	int go;
};

struct gate gate_make(const struct world *world);
/* Returns when a command stands at the gate. */
void gate_await(const struct gate *gate);
void gate_open(const struct gate *gate);
void gate_finish(struct gate *gate);

#endif
