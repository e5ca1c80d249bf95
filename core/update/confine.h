/*
 * confine.h - whom plugins run as, where they may write, and what it means when that is not had.
 */
#ifndef UPDATE_CONFINE_H
#define UPDATE_CONFINE_H

#include "preflight/runner.h"
#include "update/update.h"

/* What preflight_options borrow while the plugins run. */
struct confinement {
	struct preflight_database *databases;
	char *scratch;
};
#define auto_confinement __attribute__((cleanup(confinement_finish)))

void confinement_finish(struct confinement *confinement);

/* Fills the part of options that is about users and the sandbox, from the INI and the databases of
 * host. *ret, which is zero, is to be finished whatever the result. */
MUST_CHECK int confine_users(const struct config *config, const struct host *host,
			     struct preflight_options *options, struct confinement *ret,
			     struct error *err);

/*
 * confine_users() and the directories. As root it also opens the staging
 * directory to the plugins' users, who have to read what they judge: nobody else can write to it,
 * and what lies in it was published.
 */
MUST_CHECK int update_confine(struct update *update, struct preflight_options *options,
			      struct confinement *ret, struct error *err);

/* Tells when a plugin ran without a part of its sandbox. */
void update_tell_confinement(struct update *update);

#endif
