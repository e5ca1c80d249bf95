/*
 * catalog.c - catalog.h: reading the plugin directory.
 */
#include "preflight/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/trust.h"

#define SUFFIX          ".so"
#define NAME_MAX_LENGTH 32
#define TWIN_REMEDY     "rename one of them, or remove it"

static void entry_finish(struct catalog_entry *entry)
{
	free(entry->name);
	free(entry->path);
	findings_finish(&entry->fault);
}

void catalog_finish(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		entry_finish(&catalog->items[i]);
	}
	free(catalog->items);
	*catalog = (struct catalog){0};
}

/* Takes what entry owns over, whatever the result. */
static int add(struct catalog *catalog, struct catalog_entry *entry)
{
	size_t size = (catalog->count + 1) * sizeof(*catalog->items);
	struct catalog_entry *items = entry->name != NULL ? realloc(catalog->items, size) : NULL;

	if (items == NULL) {
		entry_finish(entry);
		return -ENOMEM;
	}
	catalog->items = items;
	items[catalog->count++] = *entry;
	return 0;
}

static bool name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length <= NAME_MAX_LENGTH && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static int fault(struct catalog_entry *entry, const char *code, const char *text,
		 const char *remedy)
{
	return findings_add(&entry->fault, VERDICT_ERROR, code, text, remedy);
}

static const char *kind_of(mode_t mode)
{
	if (S_ISLNK(mode)) {
		return "a symbolic link";
	}
	return S_ISDIR(mode) ? "a directory" : "a device, a socket or a pipe";
}

static int check_file(struct catalog_entry *entry, bool check_trust)
{
	char text[PATH_MAX + 128];
	struct error err;
	struct stat st;

	if (lstat(entry->path, &st) < 0) {
		(void)snprintf(text, sizeof(text), "cannot look at %s: %s", entry->path,
			       strerror(errno));
		return fault(entry, "plugin.load", text, "check the plugin directory");
	}
	if (!S_ISREG(st.st_mode)) {
		(void)snprintf(text, sizeof(text), "%s is %s, not a regular file", entry->path,
			       kind_of(st.st_mode));
		return fault(
			entry, "plugin.untrusted", text,
			"put the plugin's file itself into the directory, or remove the entry");
	}
	if (check_trust && trust_check_chain(entry->path, geteuid(), &err) < 0) {
		return fault(entry, "plugin.untrusted", err.text,
			     "only root may be able to write to a plugin: mend it after looking "
			     "who changed it");
	}
	if (entry->is_program && (st.st_mode & 0111) == 0) {
		(void)snprintf(text, sizeof(text),
			       "%s is neither a shared object (NAME.so) nor executable",
			       entry->path);
		return fault(entry, "plugin.load", text,
			     "if it is a plugin, run chmod +x; else take it out of the directory");
	}
	return 0;
}

static int check_entry(struct catalog_entry *entry, bool check_trust)
{
	if (name_is_valid(entry->name)) {
		return check_file(entry, check_trust);
	}
	text_sanitize(entry->name);
	return fault(entry, "plugin.load",
		     "the file's name is no plugin name: a small letter, then up to 31 small "
		     "letters, digits and '-'",
		     "rename the file to the plugin's own name, or remove it");
}

static int add_file(struct catalog *catalog, const char *directory, const char *file)
{
	const char *dot = strrchr(file, '.');
	struct catalog_entry entry = {
		.name = dot != NULL ? strndup(file, (size_t)(dot - file)) : strdup(file),
		.path = path_join(directory, file),
		.is_program = !text_has_suffix(file, SUFFIX),
	};

	if (entry.path == NULL) {
		entry_finish(&entry);
		return -ENOMEM;
	}
	return add(catalog, &entry);
}

static int by_name(const void *a, const void *b)
{
	const struct catalog_entry *left = a;
	const struct catalog_entry *right = b;

	int order = strcmp(left->name, right->name);

	return order != 0 || left->path == NULL || right->path == NULL
		       ? order
		       : strcmp(left->path, right->path);
}

static void sort(struct catalog *catalog)
{
	if (catalog->count > 1) {
		qsort(catalog->items, catalog->count, sizeof(*catalog->items), by_name);
	}
}

/* What editors, package managers and an update of plugins leave beside a file that they replace. */
static bool is_leftover(const char *file)
{
	static const char *const ends[] = {
		"~",        ".dpkg-old", ".dpkg-new", ".dpkg-dist",  ".dpkg-tmp",
		".rpmsave", ".rpmnew",   ".rpmorig",  ".pacnew",     ".pacsave",
		".pacorig", ".previous", ".earlier",  ".update-new", ".update-link",
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (text_has_suffix(file, ends[i])) {
			return true;
		}
	}
	return strstr(file, ".unexpected-") != NULL;
}

/* A directory that is called NAME.so means to be a plugin, and will be told that it is none. */
static bool is_directory(int parent, const char *file)
{
	struct stat st;

	return fstatat(parent, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool is_plugin_file(int parent, const char *file)
{
	if (file[0] == '.' || is_leftover(file)) {
		return false;
	}
	return text_has_suffix(file, SUFFIX) || !is_directory(parent, file);
}

static int list(DIR *handle, const char *directory, struct catalog *catalog, struct error *err)
{
	for (;;) {
		errno = 0;
		const struct dirent *file = readdir(handle);

		if (file == NULL) {
			return errno == 0 ? 0
					  : error_set(err, -errno, "cannot read %s: %s", directory,
						      strerror(errno));
		}
		if (!is_plugin_file(dirfd(handle), file->d_name)) {
			continue;
		}
		if (catalog->count == LIMIT_PLUGINS) {
			return error_set(err, -E2BIG, "%s holds more than %u plugins", directory,
					 LIMIT_PLUGINS);
		}
		if (add_file(catalog, directory, file->d_name) < 0) {
			return error_no_memory(err);
		}
	}
}

/* disk.so and disk.sh: which of them is the section's? Neither is run, or one would go unasked. */
static int fault_twins(struct catalog *catalog)
{
	char text[PATH_MAX + 128];
	int rc = 0;

	for (size_t i = 1; i < catalog->count && rc == 0; i++) {
		struct catalog_entry *one = &catalog->items[i - 1];
		struct catalog_entry *other = &catalog->items[i];

		if (strcmp(one->name, other->name) != 0) {
			continue;
		}
		(void)snprintf(text, sizeof(text), "%s and %s have the same name",
			       path_name(one->path), path_name(other->path));
		rc = fault(one, "plugin.load", text, TWIN_REMEDY);
		if (rc == 0) {
			rc = fault(other, "plugin.load", text, TWIN_REMEDY);
		}
	}
	return rc;
}

int catalog_read(const char *directory, bool check_trust, struct catalog *ret, struct error *err)
{
	auto_catalog struct catalog catalog = {0};
	auto_directory DIR *handle = opendir(directory);

	if (handle == NULL) {
		return error_set(err, -errno,
				 "cannot open the plugin directory %s: %s; create it or correct "
				 "plugin_dir",
				 directory, strerror(errno));
	}
	int rc = list(handle, directory, &catalog, err);

	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < catalog.count; i++) {
		if (check_entry(&catalog.items[i], check_trust) < 0) {
			return error_no_memory(err);
		}
	}
	sort(&catalog);
	if (fault_twins(&catalog) < 0) {
		return error_no_memory(err);
	}
	*ret = catalog;
	catalog = (struct catalog){0};
	return 0;
}

int catalog_read_one(const char *directory, const char *file, bool check_trust, struct catalog *ret,
		     struct error *err)
{
	auto_catalog struct catalog catalog = {0};

	if (add_file(&catalog, directory, file) < 0 ||
	    check_entry(&catalog.items[0], check_trust) < 0) {
		return error_no_memory(err);
	}
	*ret = catalog;
	catalog = (struct catalog){0};
	return 0;
}

struct catalog_entry *catalog_find(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->count; i++) {
		if (strcmp(catalog->items[i].name, name) == 0) {
			return &catalog->items[i];
		}
	}
	return NULL;
}

int catalog_add_missing(struct catalog *catalog, const char *name, const char *directory)
{
	char text[PATH_MAX + 128];
	struct catalog_entry missing = {.name = strdup(name)};
	int rc = add(catalog, &missing);

	if (rc < 0) {
		return rc;
	}
	(void)snprintf(text, sizeof(text),
		       "the configuration has a section [plugin %s], but there is no %s/%s.so, "
		       "nor a program of that name beside it",
		       name, directory, name);
	rc = fault(&catalog->items[catalog->count - 1], "plugin.missing", text,
		   "install the plugin, or remove its section (or write enabled = no into it)");
	sort(catalog);
	return rc;
}

int catalog_switch_off(struct catalog_entry *entry)
{
	findings_finish(&entry->fault);
	return findings_add(&entry->fault, VERDICT_SKIP, "plugin.disabled",
			    "switched off in the configuration (enabled = no)", NULL);
}
