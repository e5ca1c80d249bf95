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
#include "install/plan.h"
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

/* A service, as it was and as it is. */
struct service_run {
	const struct service *service;
	struct service_process *before; /* in the plan; pid 0: did not run */
	struct service_process after;   /* once it was started again */
	bool stopped;                   /* by us: what is put back has to start it again */
	bool wanted;                    /* to be started with the other release */
};

struct update {
	const struct options *options;
	struct report report;
	struct config *config; /* NULL in a recovery, which has only the journal */
	char *product;
	char *state_dir;
	struct helpers helpers;
	struct lock lock;
	struct journal *journal;
	char run[RUN_ID_SIZE];
	bool records;   /* this command's runs go into the journal */
	bool journaled; /* and this one has begun there */
	const char
		*done; /* the phase whose outcome the journal will be told with the next intent */

	char *installed;          /* version; NULL: nothing is installed yet */
	int interrupts;           /* can be read: somebody wants the run to end */
	bool altered;             /* the journal's files were changed by somebody else */
	struct fetcher *fetcher;  /* of the current mirror; NULL: a local release */
	size_t mirror;            /* of config->manifests */
	struct pairs bad_mirrors; /* address, why it was of no use */
	struct release release;
	struct verified verified;
	struct staged_list staged;
	struct pairs subject;
	struct preflight_report preflight;
	struct plan previous; /* `rollback`: of the run that is taken back */

	struct plan plan; /* what is about to be changed, and how it was; host from the start */
	const struct service_manager *manager;
	struct systemd *systemd;      /* NULL: not what manages the services */
	char *program;                /* the name that we were executed by, for systemd's sake */
	struct service_run *services; /* one for each in plan.host */
	struct strings judged; /* each database's schema when plugins were asked; "": unknown */
	struct snapshot_hold **holds;   /* one for each database in plan.host */
	struct strings set_aside;       /* databases that were kept under another name */
	char recovered[ERROR_TEXT_MAX]; /* what came of a run that was killed; "": there was none */

	enum result result;
	struct error failure; /* why, when result is no success */
	const char *failed_phase;
	const char *failed_unit; /* a service that it failed for */
	bool recovers;           /* that is all this command does */
	bool boot;               /* the host is starting: files and databases only */
	bool begun;              /* this run touched the host: a failure walks back */
	bool changed;            /* it did, or a recovery before it */
	bool tried;              /* something of the release was to be started */
	bool incomplete;         /* a step back failed */
	bool left_open;          /* the host goes down: the next boot ends this run */
	bool unstoppable;        /* … for a service of the new release may still run */
	struct strings to_do;    /* what a person has to do then */
};

/* Loads the configuration and gets the run's identifier; on an error the result is set, too. */
MUST_CHECK int update_init(struct update *update, const struct options *options, struct error *err);

/* The same without a configuration, for recovery. */
void update_init_bare(struct update *update, const struct options *options);

/* The lock, then the journal. -EBUSY: another run has it. */
MUST_CHECK int update_lock(struct update *update, struct error *err);

/* The lists that plan.host asks for; services are bound to their plans. */
MUST_CHECK int update_allocate(struct update *update, struct error *err);

/* What a run that stages files needs besides: the lock, the journal, the helpers, the manager. A
 * run that was killed half-way is recovered first when this one records, else it is an error. */
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

/* For commands that only ask. -EUCLEAN: a run was killed half-way; -EBUSY: without our lock, it
 * may still go on. */
MUST_CHECK int update_check_unfinished(struct update *update, struct error *err);

/* recover.c: makes the host whole again after runs that were killed half-way, oldest first, under
 * our lock. Sets the result and to_do when a person is needed, and returns -EUCLEAN then. */
MUST_CHECK int update_recover(struct update *update, struct error *err);

/* The run's plan, before the first act. */
MUST_CHECK int update_record_plan(struct update *update, struct error *err);

/* The version on this host, by the journal or the `installed` command: update->installed. */
MUST_CHECK int update_find_installed(struct update *update, struct error *err);
/* The same as it is now, for a report; altered says which file somebody else changed. */
MUST_CHECK int update_look_installed(struct update *update, char **ret, struct error *altered,
				     struct error *err);

/* Phases, acquire.c: from a claim to staged, verified artifacts. */
MUST_CHECK int update_discover(struct update *update, struct error *err);
MUST_CHECK int update_verify(struct update *update, struct error *err);
MUST_CHECK int update_download(struct update *update, struct error *err);
MUST_CHECK int update_unpack(struct update *update, struct error *err);

/* The run's own directory beside the first artifact; once a run. */
MUST_CHECK int update_make_staging(struct update *update, struct error *err);

/* Phases, judge.c: may it go ahead? */
MUST_CHECK int update_preflight(struct update *update, struct error *err);
MUST_CHECK int update_baseline(struct update *update, struct error *err);

/* What the manager's functions need in this run. */
struct service_context update_context(const struct update *update,
				      const struct command_values *values);

/* Who runs each service; services.c. baseline asks, while everything still runs. */
MUST_CHECK int update_find_service(struct update *update, struct service_run *run,
				   struct error *err);
MUST_CHECK int update_find_services(struct update *update, struct error *err);
/* Refuses when a service that does not run by its pid file has its binary executed by somebody. */
MUST_CHECK int update_check_stopped(struct update *update, struct error *err);
/* Ends whoever executes the service's new binary once it is stopped, unless it keeps_children. */
MUST_CHECK int update_end_leftovers(struct update *update, const struct service *service,
				    struct error *err);
/* Refuses to replace a file that a package owns, or about which its manager cannot tell;
 * packages.c. baseline asks, while everything still runs. */
MUST_CHECK int update_check_packages(struct update *update, struct error *err);

/* Where the artifact that the service runs is installed; NULL: it names none. */
const char *update_binary_path(const struct update *update, const struct service *service);
/* Whether it can be said what is newly broken: it was well before, or what failed had names. */
bool update_is_comparable(const struct update *update);

/* An artifact is that unit's file. */
bool update_installs_unit(const struct update *update, const char *name);
/* False where the other release, an older one, has no such unit: its file is removed, and systemd
 * knows none of another directory. */
bool update_has_unit(const struct update *update, const char *name);
/* … or no such program: nobody starts it. */
bool update_has_program(const struct update *update, const struct service *service);
/* False where the run brought its unit or its program, which go away again on the way back. */
bool update_had_program(const struct update *update, const struct service *service);

/* Phases, exchange.c: from the old files to the new ones, and back. Looking at every file that is
 * to be replaced is no phase of its own: baseline does it, while the daemon still runs. */
MUST_CHECK int update_plan_swaps(struct update *update, struct error *err);
MUST_CHECK int update_stop(struct update *update, struct error *err);
MUST_CHECK int update_swap(struct update *update, struct error *err);
MUST_CHECK int update_swap_back(struct update *update, struct error *err);

/* Phases, databases.c: kept aside, put back, and what is left of that at the end. */
MUST_CHECK int update_look_at_schemas(struct update *update, struct error *err);
MUST_CHECK int update_snapshot(struct update *update, struct error *err);
MUST_CHECK int update_discard_snapshots(struct update *update, struct error *err);
MUST_CHECK int update_complete(struct update *update, struct error *err);
MUST_CHECK int update_restore_databases(struct update *update, struct error *err);
void update_keep_snapshots(struct update *update);

/* Phases, rollback.c: back to the previous release, from the journal and NAME.previous. */
MUST_CHECK int rollback_find(struct update *update, struct error *err);
/* Which run is taken back, the last that was committed: previous, and the version it came from. */
MUST_CHECK int rollback_recall(struct update *update, struct error *err);
MUST_CHECK int rollback_bring(struct update *update, struct error *err);
MUST_CHECK int rollback_confirm(struct update *update, struct error *err);
MUST_CHECK int rollback_restore(struct update *update, struct error *err);
/* The snapshot that the run to be taken back has made of this database; NULL: none, or no rollback.
 */
const struct snapshot *update_previous_snapshot(const struct update *update,
						const struct database *database);

/* The database that the other release will meet: the live one, or the snapshot that goes back with
 * it. */
const char *update_database_path(const struct update *update, size_t index);

/* Phases, revive.c: the services come up, are the right ones and well. */
MUST_CHECK int update_start(struct update *update, struct error *err);
MUST_CHECK int update_stop_new(struct update *update, struct error *err);
MUST_CHECK int update_health(struct update *update, struct error *err);
MUST_CHECK int update_start_old(struct update *update, struct error *err);
/* What ran before a run that was committed, and does not now. */
MUST_CHECK int update_start_missing(struct update *update, struct error *err);

/* True when version is not to be installed since it is there already (and that is not forced), or
 * is older than what is there and was not asked for. */
bool update_is_current(const struct update *update);

#endif
