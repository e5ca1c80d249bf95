/*
 * confine.c - confine.h: one step after the other, and no way back from any.
 */
#include "release/fetch/confine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/caps.h"
#include "base/landlock.h"
#include "base/limits.h"
#include "base/sanitizer.h"

#define OWN_USER "banger-update"
/* "nobody" on every Linux: the kernel's overflow user. */
#define NOBODY 65534u

/* Resolving reads these whenever it likes, and loads its modules when it first needs them; OpenSSL
 * has its configuration. */
static const char *const always[] = {
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/ld.so.cache",
	"/lib",
	"/lib64",
	"/usr/lib",
	"/usr/lib64",
	"/usr/local/lib",
	"/dev/urandom",
};

/* Where distributions keep certificates, and what those places link to. */
static const char *const for_certificates[] = {
	"/etc/ssl/certs",
	"/etc/ssl/cert.pem",
	"/etc/pki/tls/certs",
	"/etc/pki/tls/cert.pem",
	"/etc/pki/ca-trust/extracted",
	"/etc/ca-certificates",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int set_caps(void)
{
	static const struct cap caps[] = {
		{0, RLIMIT_CORE, true},
		{0, RLIMIT_FSIZE, false},
		{LIMIT_FETCH_FILES, RLIMIT_NOFILE, true},
		{LIMIT_FETCH_MEMORY, RLIMIT_DATA, false},
	};

	return caps_set(caps, COUNT(caps));
}

static int drop_root(void)
{
	uid_t uid = NOBODY;
	gid_t gid = NOBODY;
	const struct passwd *user = geteuid() == 0 ? getpwnam(OWN_USER) : NULL;

	if (SANITIZED_ADDRESSES || geteuid() != 0) {
		return 0;
	}
	/* A user by that name that is root again would be no drop. */
	if (user != NULL && user->pw_uid != 0 && user->pw_gid != 0) {
		uid = user->pw_uid;
		gid = user->pw_gid;
	}
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0) {
		return -errno;
	}
	return 0;
}

/* The change of user has cleared the wish to die with the parent; it may be gone by now. */
static int die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		return -errno;
	}
	return getppid() == parent ? 0 : -ESRCH;
}

/* Nobody, not even another process of the same user, looks into our memory. The leak check of
 * AddressSanitizer has to. */
static int hide(void)
{
	if (SANITIZED_ADDRESSES) {
		return 0;
	}
	return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0 ? -errno : 0;
}

static int drop(const struct confinement *confinement)
{
	pid_t parent = getppid();
	int rc = 0;

	if (clearenv() != 0) {
		return -ENOMEM;
	}
	if (close_range((unsigned)confinement->first_unused, ~0u, 0) < 0 || chdir("/") < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0) {
		rc = -errno;
	}
	if (rc == 0) {
		rc = drop_root();
	}
	if (rc == 0) {
		rc = die_with(parent);
	}
	if (rc == 0) {
		rc = hide();
	}
	return rc == 0 ? set_caps() : rc;
}

/* The Landlock ABI in force, 0: none. The leak check of AddressSanitizer looks at /proc. */
static int close_files(const struct confinement *confinement)
{
	const char *paths[COUNT(always) + COUNT(for_certificates) + 1] = {NULL};

	if (SANITIZED_ADDRESSES) {
		return 0;
	}
	memcpy(paths, always, sizeof(always));
	if (confinement->needs_system) {
		memcpy(paths + COUNT(always), for_certificates, sizeof(for_certificates));
	}
	return landlock_leave_reading(paths);
}

int fetch_confine(const struct confinement *confinement, char text[CONFINEMENT_TEXT_MAX],
		  struct error *err)
{
	int rc = drop(confinement);

	if (rc < 0) {
		return error_set(err, -EIO, "the fetch helper cannot give up its rights: %s",
				 strerror(-rc));
	}
	(void)snprintf(text, CONFINEMENT_TEXT_MAX, "user %u, landlock %d", (unsigned)geteuid(),
		       close_files(confinement));
	return 0;
}
