/*
 * search.c - search.h: looks into directories and sorts what is there.
 */
#include "config/search.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

static const char *const standard_directories[] = {
	BANGER_CONFDIR,
	"/run/banger-update",
	"/usr/local/lib/banger-update",
	"/usr/lib/banger-update",
	NULL,
};

const struct search search_standard = {standard_directories, "banger.ini", ".ini"};

void sources_finish(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free(sources->items[i].path);
	}
	free(sources->items);
	strings_finish(&sources->directories);
	*sources = (struct sources){0};
}

/* What cannot be looked at counts as a file: opening it will say why not. */
static bool is_mask(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		return false;
	}
	return (S_ISREG(st.st_mode) && st.st_size == 0) ||
	       (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)); /* /dev/null, see null(4) */
}

/* Takes path, which may be NULL for want of memory. */
static int add(struct sources *sources, char *path, bool is_drop_in, size_t rank, struct error *err)
{
	auto_free char *taken = path;
	struct source *items;

	if (taken == NULL) {
		return error_no_memory(err);
	}
	if (sources->count >= LIMIT_CONFIG_FILES) {
		return error_set(err, -E2BIG,
				 "%s is one configuration file more than the %u allowed", taken,
				 LIMIT_CONFIG_FILES);
	}
	items = reallocarray(sources->items, sources->count + 1, sizeof(*items));
	if (items == NULL) {
		return error_no_memory(err);
	}
	sources->items = items;
	items[sources->count++] = (struct source){.path = take_pointer(&taken),
						  .is_drop_in = is_drop_in,
						  .rank = rank};
	return 0;
}

/* What editors and package managers leave behind (x.ini~, x.ini.dpkg-new) ends otherwise. */
static bool is_drop_in(const char *name, const char *suffix)
{
	return name[0] != '.' && text_has_suffix(name, suffix);
}

static int list(struct sources *sources, DIR *directory, const char *path, const char *suffix,
		size_t rank, struct error *err)
{
	const struct dirent *entry;

	for (errno = 0; (entry = readdir(directory)) != NULL; errno = 0) {
		int rc = is_drop_in(entry->d_name, suffix)
				 ? add(sources, path_join(path, entry->d_name), true, rank, err)
				 : 0;

		if (rc < 0) {
			return rc;
		}
	}
	return errno == 0 ? 0 : error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
}

/* The drop-ins in path; none when there is no such directory, or cannot be one. */
static int look_into(struct sources *sources, const char *path, const char *suffix, size_t rank,
		     struct error *err)
{
	auto_directory DIR *directory = opendir(path);

	if (directory == NULL && (errno == ENOENT || errno == ENAMETOOLONG)) {
		return 0;
	}
	if (directory == NULL) {
		return error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	}
	if (strings_add(&sources->directories, path) < 0) {
		return error_no_memory(err);
	}
	return list(sources, directory, path, suffix, rank, err);
}

static int drop_ins_of(struct sources *sources, const char *main, const char *suffix, size_t rank,
		       struct error *err)
{
	auto_free char *path = NULL;

	if (asprintf(&path, "%s.d", main) < 0) {
		path = NULL;
		return error_no_memory(err);
	}
	return look_into(sources, path, suffix, rank, err);
}

static int compare(const void *one, const void *other)
{
	const struct source *a = one, *b = other;
	int order = strcmp(path_name(a->path), path_name(b->path));

	if (a->is_drop_in != b->is_drop_in) {
		return a->is_drop_in ? 1 : -1;
	}
	if (order != 0) {
		return order;
	}
	return (a->rank > b->rank) - (a->rank < b->rank);
}

/* Puts all in order: what follows its own name is hidden. */
static void arrange(struct sources *sources)
{
	if (sources->count > 0) {
		qsort(sources->items, sources->count, sizeof(*sources->items), compare);
	}
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->items[i];
		const struct source *before = i > 0 ? source - 1 : NULL;

		if (before != NULL && before->is_drop_in == source->is_drop_in &&
		    strcmp(path_name(before->path), path_name(source->path)) == 0) {
			source->state = SOURCE_HIDDEN;
		} else if (is_mask(source->path)) {
			source->state = SOURCE_MASK;
		}
	}
}

/* The main file in directory, if there is one, and the drop-ins beside it. */
static int look_for_both(struct sources *sources, const struct search *search,
			 const char *directory, size_t rank, struct error *err)
{
	auto_free char *path = path_join(directory, search->name);
	struct stat st;
	int rc = 0;

	if (path == NULL) {
		return error_no_memory(err);
	}
	/* A link that leads nowhere is there: what it should lead to is not to be passed over. */
	if (lstat(path, &st) == 0) {
		rc = add(sources, strdup(path), false, rank, err);
	} else if (errno != ENOENT) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	return rc < 0 ? rc : drop_ins_of(sources, path, search->suffix, rank, err);
}

static int look_at_place(struct sources *sources, const struct search *search, const char *prefix,
			 size_t rank, struct error *err)
{
	auto_free char *directory = path_join(prefix, search->directories[rank]);
	struct stat st;

	if (directory == NULL) {
		return error_no_memory(err);
	}
	if (lstat(directory, &st) < 0 && errno == ENOENT) {
		return 0;
	}
	if (strings_add(&sources->directories, directory) < 0) {
		return error_no_memory(err);
	}
	return look_for_both(sources, search, directory, rank, err);
}

int search_run(const struct search *search, const char *prefix, struct sources *ret,
	       struct error *err)
{
	auto_sources struct sources sources = {0};

	for (size_t i = 0; search->directories[i] != NULL; i++) {
		int rc = look_at_place(&sources, search, prefix, i, err);

		if (rc < 0) {
			return rc;
		}
	}
	arrange(&sources);
	*ret = sources;
	sources = (struct sources){0};
	return 0;
}

int search_beside(const char *path, const char *suffix, struct sources *ret, struct error *err)
{
	auto_sources struct sources sources = {0};
	int rc = add(&sources, strdup(path), false, 0, err);

	if (rc == 0) {
		rc = drop_ins_of(&sources, path, suffix, 0, err);
	}
	if (rc < 0) {
		return rc;
	}
	arrange(&sources);
	*ret = sources;
	sources = (struct sources){0};
	return 0;
}
