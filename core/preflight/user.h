/*
 * user.h - whom plugins run as when the updater is root.
 */
#ifndef PREFLIGHT_USER_H
#define PREFLIGHT_USER_H

#include "preflight/runner.h"

/*
 * The user of that name or number; NULL: banger-update, and where there is none, 65534. -ENOENT: no
 * such user; -EPERM: it is root, which only a plugin's own grant can make it.
 */
MUST_CHECK int preflight_user_find(const char *name, struct preflight_user *ret, struct error *err);

/*
 * The user of a database: that of the name, else the file's owner; a file of root's counts as its
 * directory's owner's, and a link is not followed. Root, where both are root's or the name says so,
 * is root without capabilities and sockets (host/confine.c, denial.h). A file that is not there has
 * no user: *ret is not set then.
 */
MUST_CHECK int preflight_user_of(const char *name, const char *path, struct preflight_user *ret,
				 struct error *err);

/*
 * The user of a plugin that is about databases: of the one that named names, else, as_database, of
 * all; *ret stays when there is none. -EPERM: they belong to several.
 */
MUST_CHECK int users_pick(const struct preflight_options *options, const char *named,
			  bool as_database, struct preflight_user *ret, struct error *err);

#endif
