/*
 * update.h - one run of the updater: what it was asked, what it holds, what it found so far.
 *
 * Phases fill this struct from top to bottom; update_finish() gives everything back, whatever was
 * reached. Nothing in it outlives the run but what the journal has.
 */
#ifndef UPDATE_UPDATE_H
#define UPDATE_UPDATE_H

#include <stdbool.h>

#include "config/config.h"
#include "install/journal.h"
#include "install/lock.h"
#include "install/snapshot.h"
#include "install/swap.h"
#include "model/release.h"
#include "model/run.h"
#include "preflight/runner.h"
#include "release/download.h"
#include "release/fetch.h"
#include "service/health.h"
#include "service/manager.h"
#include "update/helpers.h"
#include "update/options.h"
#include "update/report.h"

/* A service of the INI file, as it was and as it is. */
struct service_run {
	const struct service *service;
	struct service_process before; /* pid 0: was not running, and is not started */
	struct service_process after;
	bool stopped;
};

struct update {
	const struct options *options;
	struct report report;
	struct config *config;
	const struct host *host; /* config's, or what the journal has of a run to be taken back */
	struct helpers helpers;
	struct lock lock;
	struct journal *journal;
	char run[RUN_ID_SIZE];
	bool records;   /* this command's runs go into the journal */
	bool journaled; /* and this one has begun there */

	char *installed;          /* version; NULL: nothing is installed yet */
	bool altered;             /* the journal's files were changed by somebody else */
	struct fetcher *fetcher;  /* of the current mirror; NULL: a local release */
	size_t mirror;            /* of config->manifests */
	struct pairs bad_mirrors; /* address, why it was of no use */
	struct release release;
	struct verified verified;
	char *staging;
	struct staged_list staged;
	struct pairs subject;
	struct preflight_report preflight;
	struct health_answer baseline;

	const struct service_manager *manager;
	struct service_run *services;
	struct snapshot *snapshots; /* one for each database; path NULL: not taken */
	struct swap_plan *swaps;    /* one for each artifact */
	size_t swap_count;          /* planned so far */

	enum result result;
	struct error failure; /* why, when result is no success */
	const char *failed_phase;
	bool changed;         /* something on the host was touched */
	bool incomplete;      /* a step back failed */
	bool unstoppable;     /* … for a service of the new release may still run */
	struct strings to_do; /* what a person has to do then */
};

/* Loads the configuration and gets the run's identifier; on an error the result is set, too. */
MUST_CHECK int update_init(struct update *update, const struct options *options, struct error *err);

/* What a run that stages files needs besides: the lock, the journal, the helpers, the manager. */
MUST_CHECK int update_prepare(struct update *update, struct error *err);

/* Ends the run in the journal and removes its staging directory. */
void update_conclude(struct update *update);
void update_finish(struct update *update);

/* The placeholders of commands in this run; {database} has a value when there is exactly one. */
struct command_values update_values(const struct update *update);

/* Remembers why the run ends, for the report and the exit code. Returns err->code. */
int update_fail(struct update *update, enum result result, const struct error *err);

/* On the way back: tells a person what the run could not do, now and in the list at its end.
 * Returns err->code, which becomes rc. */
int update_leave_to_person(struct update *update, int rc, struct error *err, const char *format,
			   ...) PRINTF_LIKE(4, 5);

/* -EUCLEAN: a run that was killed half-way was neither repaired nor waived; -EBUSY: without our
 * lock, it may still go on. Closes the book on other killed runs when this one records. */
MUST_CHECK int update_check_unfinished(struct update *update, struct error *err);

/* The version on this host, by the journal or the `installed` command: update->installed. */
MUST_CHECK int update_find_installed(struct update *update, struct error *err);

/* Phases, acquire.c: from a claim to staged, verified artifacts. */
MUST_CHECK int update_discover(struct update *update, struct error *err);
MUST_CHECK int update_verify(struct update *update, struct error *err);
MUST_CHECK int update_download(struct update *update, struct error *err);
MUST_CHECK int update_unpack(struct update *update, struct error *err);

/* Phases, judge.c: may it go ahead? */
MUST_CHECK int update_preflight(struct update *update, struct error *err);
MUST_CHECK int update_baseline(struct update *update, struct error *err);

/* Who runs each service; services.c. baseline asks, while everything still runs. */
MUST_CHECK int update_find_services(struct update *update, struct error *err);
/* Refuses when a service that does not run by its pid file has its binary executed by somebody. */
MUST_CHECK int update_check_stopped(struct update *update, struct error *err);
/* Ends whoever executes the service's new binary once it is stopped, unless it keeps_children. */
MUST_CHECK int update_end_leftovers(struct update *update, const struct service *service,
				    struct error *err);
/* Where the artifact that the service runs is installed; NULL: it names none. */
const char *update_binary_path(const struct update *update, const struct service *service);

/* Phases, exchange.c: from the old files to the new ones, and back. Looking at every file that is
 * to be replaced is no phase of its own: baseline does it, while the daemon still runs. */
MUST_CHECK int update_plan_swaps(struct update *update, struct error *err);
MUST_CHECK int update_stop(struct update *update, struct error *err);
MUST_CHECK int update_snapshot(struct update *update, struct error *err);
MUST_CHECK int update_restore_databases(struct update *update, struct error *err);
MUST_CHECK int update_swap(struct update *update, struct error *err);
MUST_CHECK int update_swap_back(struct update *update, struct error *err);

/* Phases, revive.c: the services come up, are the right ones and well. */
MUST_CHECK int update_start(struct update *update, struct error *err);
MUST_CHECK int update_stop_new(struct update *update, struct error *err);
MUST_CHECK int update_health(struct update *update, struct error *err);
MUST_CHECK int update_start_old(struct update *update, struct error *err);

/* True when version is not to be installed since it is there already (and that is not forced), or
 * is older than what is there and was not asked for. */
bool update_is_current(const struct update *update);

#endif
