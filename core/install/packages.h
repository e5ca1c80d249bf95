/*
 * packages.h - does a file belong to a package of the host's package manager?
 *
 * Whoever replaces such a file fights with the manager: its next run puts its own file back, and a
 * check of its files calls ours corrupt. dpkg, rpm and pacman are asked where their databases are;
 * a host without any of these owns all of its files.
 */
#ifndef INSTALL_PACKAGES_H
#define INSTALL_PACKAGES_H

#include "base/error.h"
#include "model/host.h"

struct packages_options {
	const char *root;     /* of the databases and the artifacts; "" for the host's own */
	const char *programs; /* put in front of the managers' programs; NULL: nothing, not root */
	uint64_t timeout_ms;  /* for one manager's answer; 0: a minute */
	int interrupts;       /* can be read: nobody waits any longer (-EINTR); 0: none */
};

struct package_owner {
	char *path;    /* the artifact's, as configured; NULL: no package has any of them */
	char *package; /* as its manager calls it */
	char *command; /* by which the manager updates it */
};
#define auto_package_owner __attribute__((cleanup(package_owner_finish)))

void package_owner_finish(struct package_owner *owner);

/*
 * The first artifact that belongs to a package, and its package. A file that the administrator has
 * diverted from dpkg (dpkg-divert --local) belongs to none. Programs of root are never run: the
 * host's read its databases.
 *
 * -EIO, -ENOENT, -ETIMEDOUT: there is a database, and its manager failed, said what we do not
 * understand, is not installed or did not end: then nobody knows.
 */
MUST_CHECK int packages_find_owner(const struct artifact *artifacts, size_t count,
				   const struct packages_options *options,
				   struct package_owner *ret, struct error *err);

#endif
