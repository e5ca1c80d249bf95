/*
 * disturb.h - what can befall a phase from outside: it fails, hangs, or the updater is killed in
 * it.
 *
 * Each function arranges it for one phase, on a ground that was just put back. Whether it shows is
 * up to the run.
 */
#ifndef FLOW_DISTURB_H
#define FLOW_DISTURB_H

#include "crash/ground.h"

enum fault {
	FAILS,
	HANGS,
	KILLED, /* by a command; where none runs, by the test once it waits */
};

struct disturbed {
	const struct ground *ground;
	enum fault fault;
	int server; /* listens and says nothing; -1: there is none */
};

void disturb_discover(struct disturbed *host);
void disturb_verify(struct disturbed *host);
void disturb_download(struct disturbed *host);
void disturb_unpack(struct disturbed *host);
void disturb_previous(struct disturbed *host);
void disturb_bring(struct disturbed *host);
void disturb_preflight(struct disturbed *host);
void disturb_baseline(struct disturbed *host);
void disturb_snapshot(struct disturbed *host);
void disturb_stop(struct disturbed *host);
void disturb_complete(struct disturbed *host);
void disturb_restore(struct disturbed *host);
void disturb_swap(struct disturbed *host);
void disturb_start(struct disturbed *host);
void disturb_health(struct disturbed *host);

/* Whether somebody came to the server. */
bool disturb_is_asked(const struct disturbed *host, int patience_ms);
/* Whether the plugin that hangs was given its directory. */
bool disturb_is_judged(const struct disturbed *host, int patience_ms);

#endif
