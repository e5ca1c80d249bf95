/*
 * plan.c - plan.h: what it owns, and the boot it was made in.
 */
#include "install/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"

void plan_finish(struct plan *plan)
{
	for (size_t i = 0; plan->swaps != NULL && i < plan->host->artifact_count; i++) {
		swap_plan_finish(&plan->swaps[i]);
	}
	for (size_t i = 0; plan->snapshots != NULL && i < plan->host->database_count; i++) {
		snapshot_finish(&plan->snapshots[i]);
	}
	free(plan->swaps);
	free(plan->snapshots);
	free(plan->before);
	free(plan->staging);
	strings_finish(&plan->dependents);
	health_answer_finish(&plan->baseline);
	if (plan->owned != NULL) {
		host_finish(plan->owned);
		free(plan->owned);
	}
	*plan = (struct plan){0};
}

int plan_allocate(struct plan *plan)
{
	plan->swaps = calloc(plan->host->artifact_count + 1, sizeof(*plan->swaps));
	plan->before = calloc(plan->host->service_count + 1, sizeof(*plan->before));
	plan->snapshots = calloc(plan->host->database_count + 1, sizeof(*plan->snapshots));
	return plan->swaps != NULL && plan->before != NULL && plan->snapshots != NULL ? 0 : -ENOMEM;
}

void plan_boot(char ret[PLAN_BOOT_SIZE])
{
	auto_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, ret, PLAN_BOOT_SIZE - 1);

	ret[got > 0 ? got : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}
