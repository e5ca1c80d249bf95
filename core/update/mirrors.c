/*
 * mirrors.c - mirrors.h.
 */
#include "update/mirrors.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "update/phases.h"

/* Before the first retry; then twice as long each. */
#define RETRY_PAUSE_MS 1000

/* Failures of this host, which are the same whomever we ask. */
static const int own_failures[] = {
	-ENOKEY, -ENOMEM, -ENOSPC, -EDQUOT, -EROFS, -EINTR,
};

/* While a document arrives: shows how far it is, and ends it when somebody wants to stop. */
static int tick(void *data, const struct fetch_progress *progress, struct error *err)
{
	struct update *update = data;

	if (phases_are_interrupted()) {
		return error_set(err, -EINTR, "interrupted");
	}
	report_fetching(&update->report, progress->done, progress->total, progress->attempt,
			clock_monotonic_ms());
	return 0;
}

int mirrors_open(struct update *update, struct error *err)
{
	const struct config *config = update->config;
	struct fetch_options options = {
		.helper_fd = update->helpers.fetch,
		.manifest = config->manifests.items[update->mirror],
		.proxy = config->proxy,
		.ca_file = config->ca_file,
		.authorization_file = config->authorization_file,
		.authorization_origin = config->manifests.items[0],
		.check_trust = geteuid() == 0,
		.timeout_ms = config->download_timeout_ms,
		.connect_timeout_ms = config->connect_timeout_ms,
		.min_rate = config->min_rate,
		.min_rate_window_ms = config->min_rate_window_ms,
		.retries = config->retries,
		.retry_pause_ms = RETRY_PAUSE_MS,
		.tick = tick,
		.tick_data = update,
	};

	fetcher_close(&update->fetcher);
	return update->options->release == NULL ? fetcher_open(&options, &update->fetcher, err) : 0;
}

static bool is_own_failure(int code)
{
	for (size_t i = 0; i < sizeof(own_failures) / sizeof(own_failures[0]); i++) {
		if (own_failures[i] == code) {
			return true;
		}
	}
	return false;
}

/* What the bad address said is forgotten. */
static int go_on(struct update *update, struct error *err)
{
	verified_finish(&update->verified);
	release_finish(&update->release);
	update->release = (struct release){0};
	update->mirror++;
	return mirrors_open(update, err);
}

bool mirrors_next(struct update *update, struct error *err)
{
	const struct strings *all = &update->config->manifests;
	const char *url = all->items[update->mirror];
	struct error why = *err;

	if (update->fetcher == NULL || all->count < 2 || is_own_failure(err->code)) {
		return false;
	}
	if (pairs_set(&update->bad_mirrors, url, why.text) < 0) {
		(void)error_no_memory(err);
		return false;
	}
	if (update->mirror + 1 == all->count) {
		(void)error_prefix(err,
				   "none of the %zu addresses of manifest can be used; the "
				   "last one, %s",
				   all->count, url);
		return false;
	}
	report_warning(&update->report, "%s cannot be used, the next address is asked: %s", url,
		       why.text);
	return go_on(update, err) == 0;
}
