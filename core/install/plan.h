/*
 * plan.h - all that a run is about to change, and how it was: recorded in the journal before the
 * first act, so that recovery needs nothing else.
 *
 * Plain data. A run fills it from the configuration on; read back, it owns its host too.
 */
#ifndef INSTALL_PLAN_H
#define INSTALL_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "install/snapshot.h"
#include "install/swap.h"
#include "model/health.h"
#include "model/host.h"

#define PLAN_BOOT_SIZE 40

struct plan {
	const struct host *host; /* of the configuration, or owned */
	struct host *owned;      /* NULL: not ours */
	char *staging;           /* NULL: not made */
	uint64_t keep_snapshots;
	char boot[PLAN_BOOT_SIZE]; /* of the kernel: after another boot no pid means anybody */
	struct swap_plan *swaps;   /* host->artifact_count of them; artifact NULL: not planned */
	struct service_process *before; /* host->service_count: who ran each; pid 0: not started */
	struct strings dependents;      /* units that are stopped with the services */
	struct snapshot *snapshots;     /* host->database_count; database NULL: none was begun */
	struct health_answer baseline;
};

#define auto_plan __attribute__((cleanup(plan_finish)))
void plan_finish(struct plan *plan);

/* Lists of the lengths that plan->host says, empty. 0 or -ENOMEM. */
MUST_CHECK int plan_allocate(struct plan *plan);

/* The kernel's boot identifier (random(4)); "" when it cannot be read. */
void plan_boot(char ret[PLAN_BOOT_SIZE]);

#endif
