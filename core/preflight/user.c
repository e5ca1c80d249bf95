/*
 * user.c - user.h: names and numbers to users.
 */
#include "preflight/user.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

#define OWN_USER "banger-update"
/* "nobody" on every Linux: the kernel's overflow user. */
#define NOBODY 65534u

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
	user = getpwuid((uid_t)number);
	*ret = (struct preflight_user){true, (uid_t)number,
				       user != NULL ? user->pw_gid : (gid_t)number};
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

int preflight_user_of(const char *name, const char *path, struct preflight_user *ret,
		      struct error *err)
{
	struct stat st;

	if (name != NULL) {
		return look_up(name, ret, err);
	}
	if (stat(path, &st) == 0) {
		*ret = (struct preflight_user){true, st.st_uid, st.st_gid};
		return 0;
	}
	*ret = (struct preflight_user){0};
	if (errno == ENOENT || errno == ENOTDIR) {
		return 0;
	}
	return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
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
