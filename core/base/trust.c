/*
 * trust.c - trust.h: the walk from the root down to a path.
 *
 * Links on the way (/lib -> usr/lib) are followed by hand, one by one, so that the directory each
 * lies in is checked like every other: who can swap the link decides where the path leads.
 */
#include "base/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"

#define LINKS_MAX 40 /* as the kernel, see path_resolution(7) */

struct walk {
	uid_t owner;
	char at[PATH_MAX]; /* how far everything is checked; "" is the root, and no link is in it */
	char *left;        /* what is still to go; owned */
	int links;
	bool is_place; /* ends at a directory for things of ours, not at a file of its own */
};

static const char *shown(const char *path)
{
	return *path != '\0' ? path : "/";
}

static int look(const char *path, struct stat *ret, struct error *err)
{
	if (lstat(shown(path), ret) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", shown(path),
				 strerror(errno));
	}
	return 0;
}

static int check_owner(const char *path, const struct stat *st, uid_t owner, struct error *err)
{
	if (st->st_uid != 0 && st->st_uid != owner) {
		return error_set(err, -EPERM, "%s belongs to user %u: run chown -h root %s",
				 shown(path), (unsigned)st->st_uid, shown(path));
	}
	return 0;
}

static int check_mode(const char *path, const struct stat *st, struct error *err)
{
	if ((st->st_mode & (S_IWOTH | S_IWGRP)) != 0) {
		return error_set(err, -EPERM, "%s is %s: run chmod go-w %s", shown(path),
				 (st->st_mode & S_IWOTH) != 0 ? "world-writable (o+w)"
							      : "group-writable (g+w)",
				 shown(path));
	}
	return 0;
}

/* In a sticky directory of root, others cannot rename what is not theirs. */
static int check_ancestor(const char *path, const struct stat *st, uid_t owner, struct error *err)
{
	int rc = check_owner(path, st, owner, err);
	bool is_sticky = (st->st_mode & S_ISVTX) != 0 && st->st_uid == 0;

	return rc < 0 || is_sticky ? rc : check_mode(path, st, err);
}

/* Replaces what is left by where the link at path leads, and rest behind it. */
static int follow(struct walk *walk, const char *path, const char *rest, struct error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target));
	char *left = NULL;

	if (length < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	if (++walk->links > LINKS_MAX) {
		return error_set(err, -ELOOP, "cannot look at %s: %s", path, strerror(ELOOP));
	}
	if (asprintf(&left, "%.*s/%s", (int)length, target, rest) < 0) {
		return error_no_memory(err);
	}
	free(walk->left);
	walk->left = left;
	if (left[0] == '/') {
		walk->at[0] = '\0';
	}
	return 0;
}

/* One step down, to name, with rest still to go behind it. */
static int enter(struct walk *walk, const char *name, const char *rest, struct error *err)
{
	char path[PATH_MAX];
	struct stat st = {0};

	if (snprintf(path, sizeof(path), "%s/%s", walk->at, name) >= (int)sizeof(path)) {
		return error_set(err, -ENAMETOOLONG, "cannot look at %s below %s: %s", name,
				 shown(walk->at), strerror(ENAMETOOLONG));
	}
	int rc = look(path, &st, err);

	if (rc < 0) {
		return rc;
	}
	if (!S_ISLNK(st.st_mode)) {
		memcpy(walk->at, path, sizeof(path));
		return check_ancestor(path, &st, walk->owner, err);
	}
	if (!walk->is_place && rest[strspn(rest, "/.")] == '\0') {
		return error_set(err, -EPERM, "%s is a symbolic link: name the file itself", path);
	}
	rc = check_owner(path, &st, walk->owner, err);
	return rc < 0 ? rc : follow(walk, path, rest, err);
}

/* What ".." leaves was checked on the way in. */
static void leave(struct walk *walk)
{
	char *slash = strrchr(walk->at, '/');

	if (slash != NULL) {
		*slash = '\0';
	}
}

/* Takes the next name off what is left, and goes there. */
static int step(struct walk *walk, struct error *err)
{
	auto_free char *left = take_pointer(&walk->left);
	char *name = left + strspn(left, "/");
	char *rest = name + strcspn(name, "/");

	if (*rest != '\0') {
		*rest++ = '\0';
	}
	walk->left = strdup(rest);
	if (walk->left == NULL) {
		return error_no_memory(err);
	}
	if (strcmp(name, "..") == 0) {
		leave(walk);
		return 0;
	}
	return *name == '\0' || strcmp(name, ".") == 0 ? 0 : enter(walk, name, rest, err);
}

static int walk_down(struct walk *walk, const char *path, struct error *err)
{
	struct stat st = {0};

	if (path[0] != '/') {
		return error_set(err, -EINVAL, "'%s' is not an absolute path", path);
	}
	walk->left = strdup(path);
	int rc = walk->left != NULL ? look("", &st, err) : error_no_memory(err);

	if (rc == 0) {
		rc = check_ancestor("", &st, walk->owner, err);
	}
	while (rc == 0 && *walk->left != '\0') {
		rc = step(walk, err);
	}
	free(walk->left);
	return rc;
}

int trust_check_chain(const char *path, uid_t owner, struct error *err)
{
	struct walk walk = {.owner = owner};
	struct stat st = {0};
	int rc = walk_down(&walk, path, err);

	/* Behind the last step stands the file itself, which no sticky bit excuses. */
	if (rc == 0) {
		rc = look(walk.at, &st, err);
	}
	return rc < 0 ? rc : check_mode(walk.at, &st, err);
}

int trust_check_place(const char *path, uid_t owner, struct error *err)
{
	struct walk walk = {.owner = owner, .is_place = true};

	return walk_down(&walk, path, err);
}
