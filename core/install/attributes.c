/*
 * attributes.c - attributes.h: owner first, capabilities and mode last.
 *
 * The order matters: chown(2) clears setuid bits and security.capability, a user.* attribute can
 * only be written while the mode lets us write, and the mode's group bits are an ACL's mask.
 */
#include "install/attributes.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/text.h"

#define ACL           "system.posix_acl_access"
#define NEW_FILE_MODE 0755
#define NEW_UNIT_MODE 0644 /* systemd complains of a unit that may be executed */
#define LOOKUP_MAX    65536

/* A number as an id, or -EINVAL. (uid_t)-1 means "leave it" to chown(2) and is no id. */
static int parse_id(const char *text, unsigned *ret)
{
	uint64_t number = 0;

	if (text_parse_u64(text, &number) < 0 || number >= UINT_MAX) {
		return -EINVAL;
	}
	*ret = (unsigned)number;
	return 0;
}

static int find_owner(const char *name, uid_t *ret, struct error *err)
{
	char space[LOOKUP_MAX];
	struct passwd entry;
	struct passwd *found = NULL;

	if (parse_id(name, ret) == 0) {
		return 0;
	}
	int rc = getpwnam_r(name, &entry, space, sizeof(space), &found);

	if (found == NULL) {
		return error_set(err, -ENOENT, "there is no user %s%s%s", name, rc != 0 ? ": " : "",
				 rc != 0 ? strerror(rc) : "");
	}
	*ret = found->pw_uid;
	return 0;
}

static int find_group(const char *name, gid_t *ret, struct error *err)
{
	char space[LOOKUP_MAX];
	struct group entry;
	struct group *found = NULL;

	if (parse_id(name, ret) == 0) {
		return 0;
	}
	int rc = getgrnam_r(name, &entry, space, sizeof(space), &found);

	if (found == NULL) {
		return error_set(err, -ENOENT, "there is no group %s%s%s", name,
				 rc != 0 ? ": " : "", rc != 0 ? strerror(rc) : "");
	}
	*ret = found->gr_gid;
	return 0;
}

/* The mode, owner and group that the new file shall have. */
struct wish {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

static int make_wish(int old, const struct artifact *artifact, const char *name, struct wish *ret,
		     struct error *err)
{
	bool is_unit = artifact->install != NULL && host_is_unit_file(artifact->install);
	struct wish wish = {geteuid(), getegid(), is_unit ? NEW_UNIT_MODE : NEW_FILE_MODE};
	struct stat st;
	int rc = 0;

	if (old >= 0) {
		if (fstat(old, &st) < 0) {
			return error_set(err, -errno, "cannot look at %s: %s", name,
					 strerror(errno));
		}
		wish = (struct wish){st.st_uid, st.st_gid, st.st_mode & 07777};
	} else if (geteuid() == 0) {
		wish.gid = 0;
	}
	if (artifact->mode != HOST_MODE_KEEP) {
		wish.mode = artifact->mode;
	}
	if (artifact->owner != NULL) {
		rc = find_owner(artifact->owner, &wish.uid, err);
	}
	if (rc == 0 && artifact->group != NULL) {
		rc = find_group(artifact->group, &wish.gid, err);
	}
	if (rc == 0) {
		*ret = wish;
	}
	return rc;
}

static int apply_owner(int new, const struct wish *wish, const char *name, struct error *err)
{
	struct stat st;

	if (fstat(new, &st) < 0) {
		return error_set(err, -errno, "cannot look at the new %s: %s", name,
				 strerror(errno));
	}
	if (st.st_uid == wish->uid && st.st_gid == wish->gid) {
		return 0;
	}
	if (fchown(new, st.st_uid == wish->uid ? (uid_t)-1 : wish->uid, wish->gid) < 0) {
		return error_set(err, -errno, "cannot give the new %s its owner %u:%u: %s", name,
				 wish->uid, wish->gid, strerror(errno));
	}
	return 0;
}

/* security.ima and security.evm vouch for the old content and would condemn the new one. */
static bool is_kept(const char *attribute)
{
	if (strcmp(attribute, "security.ima") == 0 || strcmp(attribute, "security.evm") == 0) {
		return false;
	}
	return strcmp(attribute, ACL) == 0 || text_has_prefix(attribute, "security.") ||
	       text_has_prefix(attribute, "user.");
}

static bool has_already(int new, const char *attribute, const void *value, size_t length)
{
	char there[XATTR_SIZE_MAX];
	ssize_t got = fgetxattr(new, attribute, there, sizeof(there));

	return got >= 0 && (size_t)got == length && memcmp(there, value, length) == 0;
}

static int keep_attribute(int new, int old, const char *attribute, const char *name,
			  struct error *err)
{
	char value[XATTR_SIZE_MAX];
	ssize_t length = fgetxattr(old, attribute, value, sizeof(value));

	if (length < 0) {
		return error_set(err, -errno, "cannot read the attribute %s of %s: %s", attribute,
				 name, strerror(errno));
	}
	/* A label that the kernel has given already need not be ours to set. */
	if (has_already(new, attribute, value, (size_t)length)) {
		return 0;
	}
	if (fsetxattr(new, attribute, value, (size_t)length, 0) < 0) {
		return error_set(err, -errno, "cannot keep the attribute %s of %s: %s", attribute,
				 name, strerror(errno));
	}
	return 0;
}

/* The names of old's attributes, one NUL-terminated string behind the other. */
static ssize_t list_attributes(int old, char *names, size_t size, const char *name,
			       struct error *err)
{
	ssize_t length = flistxattr(old, names, size);

	if (length < 0 && errno == ENOTSUP) {
		return 0;
	}
	if (length < 0) {
		return error_set(err, -errno, "cannot list the attributes of %s: %s", name,
				 strerror(errno));
	}
	return length;
}

static int keep_attributes(int new, int old, const char *name, struct error *err)
{
	char names[XATTR_LIST_MAX];
	ssize_t length = list_attributes(old, names, sizeof(names), name, err);

	if (length < 0) {
		return (int)length;
	}
	/* A directory's default ACL may have given the new file one that the old one has not. */
	if (fgetxattr(old, ACL, NULL, 0) < 0 && fremovexattr(new, ACL) < 0 && errno != ENODATA &&
	    errno != ENOTSUP) {
		return error_set(err, -errno, "cannot remove the inherited ACL of the new %s: %s",
				 name, strerror(errno));
	}
	for (const char *at = names; at < names + length; at += strlen(at) + 1) {
		int rc = is_kept(at) ? keep_attribute(new, old, at, name, err) : 0;

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int attributes_apply(int new, int old, const struct artifact *artifact, const char *name,
		     struct error *err)
{
	struct wish wish = {0};
	int rc = make_wish(old, artifact, name, &wish, err);

	if (rc == 0) {
		rc = apply_owner(new, &wish, name, err);
	}
	if (rc == 0 && old >= 0) {
		rc = keep_attributes(new, old, name, err);
	}
	if (rc == 0 && fchmod(new, wish.mode) < 0) {
		rc = error_set(err, -errno, "cannot set the mode of the new %s: %s", name,
			       strerror(errno));
	}
	return rc;
}
