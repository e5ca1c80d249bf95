/*
 * gate.c - gate.h: two named pipes, one for each direction.
 */
#include "flow/gate.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/world_parts.h"

#define PATIENCE_MS 20000

/* Opened for both directions a pipe neither blocks nor loses what is written too early. */
static int make_pipe(const char *path)
{
	int fd = -1;

	must(mkfifo(path, 0600) == 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	must(fd >= 0);
	return fd;
}

struct gate gate_make(const struct world *world)
{
	struct gate gate = {.reached = scratch_path(&world->scratch, "gate-reached")};
	char *go = scratch_path(&world->scratch, "gate-go");

	gate.seen = make_pipe(gate.reached);
	gate.go = make_pipe(go);
	/* What says that it was passed is where no test looks for changes. */
	must(asprintf(&gate.words,
		      "if ! [ -e %s/passed ]; then >%s/passed; echo >%s; read line <%s; fi",
		      world->state, world->state, gate.reached, go) > 0);
	free(go);
	return gate;
}

void gate_await(const struct gate *gate)
{
	struct pollfd seen = {.fd = gate->seen, .events = POLLIN};

	cr_assert_eq(poll(&seen, 1, PATIENCE_MS), 1, "nobody came to the gate");
}

void gate_open(const struct gate *gate)
{
	must(write(gate->go, "go\n", 3) == 3);
}

void gate_finish(struct gate *gate)
{
	(void)close(gate->seen);
	(void)close(gate->go);
	free(gate->words);
	free(gate->reached);
}
