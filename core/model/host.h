/*
 * host.h - what is updated on this host, as the INI file names it: artifacts, services and
 * databases. Plain data; config/ fills it, the other rooms read it. Paths are absolute and
 * already have the root in front.
 */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/command.h"

#define HOST_MODE_KEEP ((mode_t)-1) /* keep the replaced file's mode; 0755 for a new file */

struct artifact {
	char *name;
	char *install;
	mode_t mode; /* HOST_MODE_KEEP unless set */
	char *owner; /* user name or number; NULL: keep, root for a new file */
	char *group;
};

struct service {
	char *name;
	char *binary; /* an artifact's name, or NULL: identity is not checked */
	uint64_t ready_timeout_ms;
	uint64_t stop_timeout_ms;
	bool keeps_children;
	/* manager = command only: */
	struct command start;
	struct command stop;
	struct command status; /* optional: exits 0 when the service is ready */
	char *pid_file;
};

/* Who runs a service now: a pid with its start time, so that a recycled pid is nobody. */
struct service_process {
	pid_t pid; /* 0: not running */
	uint64_t start_time;
	char invocation[33]; /* systemd's name of that run, in hexadecimal; "": none */
};

enum rollback_policy {
	ROLLBACK_IF_CHANGED,
	ROLLBACK_ALWAYS,
	ROLLBACK_NEVER,
};

struct database {
	char *name;
	char *path;
	char *user; /* NULL: the file's owner */
	bool missing_ok;
	char *record; /* the table of applied migrations */
	enum rollback_policy on_rollback;
};

struct health {
	struct command command; /* not set: nothing to ask */
	uint64_t interval_ms;
	uint64_t timeout_ms;
	uint64_t settle_ms;
};

enum manager {
	MANAGER_COMMAND,
	MANAGER_SYSTEMD,
};

/* All of it. From the INI file for a new run, from the journal for one that is taken back: the
 * rooms that act see no difference. */
struct host {
	char *root; /* "" or an absolute directory without a trailing '/' */
	enum manager manager;
	struct artifact *artifacts;
	size_t artifact_count;
	struct service *services;
	size_t service_count;
	struct database *databases;
	size_t database_count;
	struct health health;
};

/* Whether systemd reads the file at this path as a unit, or as a drop-in of one (systemd.unit(5)).
 */
bool host_is_unit_file(const char *path);

void host_finish(struct host *host);
void artifact_finish(struct artifact *artifact);
void service_finish(struct service *service);
void database_finish(struct database *database);

#endif
