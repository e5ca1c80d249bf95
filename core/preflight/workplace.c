/*
 * workplace.c - workplace.h: made, given away, taken back.
 */
#include "preflight/workplace.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"

/* With this mode, whatever the umask. -EEXIST: there is one already, which stays as it is. */
static int make(const char *path, mode_t mode, struct error *err)
{
	if (mkdir(path, mode) < 0 || chmod(path, mode) < 0) {
		return error_set(err, -errno, "cannot make the directory %s: %s", path,
				 strerror(errno));
	}
	return 0;
}

static int make_anew(const char *path, mode_t mode, struct error *err)
{
	int rc = make(path, mode, err);

	if (rc == -EEXIST) {
		rc = file_remove_tree(path, err);
		rc = rc < 0 ? rc : make(path, mode, err);
	}
	return rc;
}

int workplace_make(const char *base, const char *name, const struct preflight_user *user,
		   char **ret, struct error *err)
{
	auto_free char *path = path_join(base, name);

	if (path == NULL) {
		return error_no_memory(err);
	}
	int rc = make(base, 0711, err);

	if (rc == 0 || rc == -EEXIST) {
		rc = make_anew(path, 0700, err);
	}
	if (rc < 0) {
		return rc;
	}
	/* Nobody but us can write to base: it is the directory that was just made. */
	if (user->is_set && lchown(path, user->uid, user->gid) < 0) {
		return error_set(err, -errno, "cannot give %s to user %u: %s", path, user->uid,
				 strerror(errno));
	}
	*ret = take_pointer(&path);
	return 0;
}

void workplace_remove(const char *base, const char *path)
{
	struct error ignored;

	if (path != NULL && file_remove_tree(path, &ignored) == 0) {
		(void)rmdir(base);
	}
}
