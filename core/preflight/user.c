/*
 * user.c - user.h: names and numbers to users.
 */
#include "preflight/user.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"

#define OWN_USER "banger-update"
/* "nobody" on every Linux: the kernel's overflow user. */
#define NOBODY 65534u

/* The user of that number, and their own group: the kernel's for a file may be root's. */
static struct preflight_user of_number(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return (struct preflight_user){true, uid, user != NULL ? user->pw_gid : (gid_t)uid};
}

static int look_up(const char *name, struct preflight_user *ret, struct error *err)
{
	uint64_t number = 0;

	errno = 0;
	const struct passwd *user = getpwnam(name);

	if (user != NULL) {
		*ret = (struct preflight_user){true, user->pw_uid, user->pw_gid};
		return 0;
	}
	if (text_parse_u64(name, &number) < 0 || number >= UINT32_MAX) {
		return error_set(err, -ENOENT, "there is no user %s: %s", name,
				 errno != 0 && errno != ENOENT ? strerror(errno) : "no such name");
	}
	*ret = of_number((uid_t)number);
	return 0;
}

int preflight_user_find(const char *name, struct preflight_user *ret, struct error *err)
{
	struct preflight_user user = {true, NOBODY, NOBODY};
	struct error ignored;
	int rc = 0;

	if (name != NULL) {
		rc = look_up(name, &user, err);
	} else if (look_up(OWN_USER, &user, &ignored) < 0 || user.uid == 0 || user.gid == 0) {
		user = (struct preflight_user){true, NOBODY, NOBODY};
	}
	if (rc == 0 && (user.uid == 0 || user.gid == 0)) {
		rc = error_set(err, -EPERM,
			       "plugins are not run as %s, which has root's rights: give them to "
			       "the plugin that needs them, with grant = root in its section",
			       name);
	}
	if (rc == 0) {
		*ret = user;
	}
	return rc;
}

/* Whom the file belongs to; root's counts as its directory's owner's, as it does for a snapshot:
 * whoever can plant files there must not have root open them. */
static int find_owner(const char *path, uid_t *ret)
{
	auto_free char *directory = path_directory(path);
	struct stat st;

	if (directory == NULL) {
		return -ENOMEM;
	}
	if (lstat(path, &st) < 0 || (st.st_uid == 0 && stat(directory, &st) < 0)) {
		return -errno;
	}
	*ret = st.st_uid;
	return 0;
}

int preflight_user_of(const char *name, const char *path, struct preflight_user *ret,
		      struct error *err)
{
	uid_t owner = 0;

	if (name != NULL) {
		return look_up(name, ret, err);
	}
	int rc = find_owner(path, &owner);

	if (rc < 0 && rc != -ENOENT && rc != -ENOTDIR) {
		return error_set(err, rc, "cannot look at %s: %s", path, strerror(-rc));
	}
	*ret = rc == 0 ? of_number(owner) : (struct preflight_user){0};
	return 0;
}

static bool is_same(const struct preflight_user *a, const struct preflight_user *b)
{
	return a->uid == b->uid && a->gid == b->gid;
}

int users_pick(const struct preflight_options *options, const char *named, bool as_database,
	       struct preflight_user *ret, struct error *err)
{
	const struct preflight_database *found = NULL;

	for (size_t i = 0; i < options->database_count; i++) {
		const struct preflight_database *one = &options->databases[i];
		bool is_meant = named != NULL ? strcmp(one->name, named) == 0 : as_database;

		if (!is_meant || !one->user.is_set) {
			continue;
		}
		if (found != NULL && !is_same(&found->user, &one->user)) {
			return error_set(
				err, -EPERM,
				"the databases %s and %s belong to different users, and it "
				"can run as one: name a database in its section, or let it "
				"have grant = root",
				found->name, one->name);
		}
		found = found != NULL ? found : one;
	}
	if (found != NULL) {
		*ret = found->user;
	}
	return 0;
}
