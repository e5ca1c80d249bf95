/*
 * packages.c - packages.h: which managers there are, what they are asked, and how they update.
 *
 * Invariant: a manager without a database is not asked; rpm would make itself one.
 */
#include "install/packages.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/process.h"
#include "install/package_answer.h"

#define ANSWER_TIMEOUT_MS 60000

/* How a manager, or a front end of it, updates a package. */
struct remedy {
	const char *program; /* NULL: there whenever the manager is */
	const char *command;
};

struct package_manager {
	enum package_dialect dialect;
	const char *program;
	const char *const *databases; /* files, one of which is there; ended by NULL */
	const char *const *words;     /* before the paths; %s is the database's directory */
	bool wants_root;              /* --root, and paths below it */
	const struct remedy *remedies;
};

/* One artifact's path as a package may list it. */
struct place {
	size_t artifact;
	char *path; /* without the root */
};

struct places {
	struct place *items;
	size_t count;
};

static void places_finish(struct places *places)
{
	for (size_t i = 0; i < places->count; i++) {
		free(places->items[i].path);
	}
	free(places->items);
}

static const struct package_manager managers[] = {
	{
		PACKAGE_DPKG,
		"/usr/bin/dpkg-query",
		(const char *const[]){"/var/lib/dpkg/status", NULL},
		(const char *const[]){"--admindir=%s", "--search", NULL},
		false,
		(const struct remedy[]){{"/usr/bin/apt-get", "apt-get install --only-upgrade %s"},
					{NULL, "dpkg -i with a newer package of %s"}},
	},
	{
		PACKAGE_RPM,
		"/usr/bin/rpm",
		(const char *const[]){"/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages.db",
				      "/var/lib/rpm/Packages", "/usr/lib/sysimage/rpm/rpmdb.sqlite",
				      "/usr/lib/sysimage/rpm/Packages.db", NULL},
		(const char *const[]){"--dbpath=%s", "-qf", "--queryformat", PACKAGE_RPM_FORMAT,
				      NULL},
		false,
		(const struct remedy[]){{"/usr/bin/dnf", "dnf upgrade %s"},
					{"/usr/bin/zypper", "zypper update %s"},
					{"/usr/bin/yum", "yum update %s"},
					{NULL, "rpm -U with a newer package of %s"}},
	},
	{
		PACKAGE_PACMAN,
		"/usr/bin/pacman",
		(const char *const[]){"/var/lib/pacman/local", NULL},
		(const char *const[]){"--dbpath=%s", "--config=/dev/null", "-Qo", NULL},
		true,
		(const struct remedy[]){{NULL, "pacman -S %s"}},
	},
};

void package_owner_finish(struct package_owner *owner)
{
	free(owner->path);
	free(owner->package);
	free(owner->command);
	*owner = (struct package_owner){0};
}

static const char *without_root(const char *path, const char *root)
{
	size_t length = strlen(root);

	return strncmp(path, root, length) == 0 && path[length] == '/' ? path + length : path;
}

static int add_place(struct places *places, size_t artifact, const char *path)
{
	for (size_t i = 0; i < places->count; i++) {
		if (strcmp(places->items[i].path, path) == 0) {
			return 0;
		}
	}
	char *copy = strdup(path);

	if (copy == NULL) {
		return -ENOMEM;
	}
	places->items[places->count++] = (struct place){artifact, copy};
	return 0;
}

/* On a host whose /bin is /usr/bin, packages may list either, and dpkg knows only what they list.
 */
static int add_unmerged(struct places *places, size_t artifact, const char *path, const char *real,
			const char *root)
{
	static const char usr[] = "/usr/";
	char found[PATH_MAX];

	if (!text_has_prefix(path, usr)) {
		return 0;
	}
	const char *unmerged = path + sizeof(usr) - 2;
	auto_free char *other = path_join(root, unmerged);
	auto_free char *directory = other != NULL ? path_directory(other) : NULL;

	if (directory == NULL) {
		return -ENOMEM;
	}
	bool is_same = realpath(directory, found) != NULL && strcmp(found, real) == 0;

	return is_same ? add_place(places, artifact, unmerged) : 0;
}

/* The path as configured, as it is without links, and as it was before /usr was merged. */
static int add_artifact(struct places *places, size_t index, const char *install, const char *root)
{
	char real[PATH_MAX];
	char real_root[PATH_MAX] = "";
	auto_free char *directory = path_directory(install);
	int rc =
		directory != NULL ? add_place(places, index, without_root(install, root)) : -ENOMEM;

	/* Who cannot be resolved is not replaced either. */
	if (rc < 0 || realpath(directory, real) == NULL ||
	    (root[0] != '\0' && realpath(root, real_root) == NULL)) {
		return rc;
	}
	auto_free char *resolved = path_join(without_root(real, real_root), path_name(install));

	if (resolved == NULL) {
		return -ENOMEM;
	}
	rc = add_place(places, index, resolved);
	return rc < 0 ? rc : add_unmerged(places, index, resolved, real, root);
}

static int find_places(const struct artifact *artifacts, size_t count, const char *root,
		       struct places *ret, struct error *err)
{
	ret->items = calloc(3 * count + 1, sizeof(*ret->items));
	if (ret->items == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < count; i++) {
		if (add_artifact(ret, i, artifacts[i].install, root) < 0) {
			return error_no_memory(err);
		}
	}
	return 0;
}

/* The manager's database; NULL: there is none. *ret_found says it, so that NULL is no memory. */
static char *find_database(const struct package_manager *manager, const char *root, bool *ret_found)
{
	*ret_found = false;
	for (size_t i = 0; manager->databases[i] != NULL; i++) {
		char *path = path_join(root, manager->databases[i]);

		*ret_found = path == NULL || access(path, F_OK) == 0;
		if (*ret_found) {
			return path;
		}
		free(path);
	}
	return NULL;
}

/* A copy of format with value instead of its %s, if it has one. NULL: no memory. */
static char *fill(const char *format, const char *value)
{
	const char *mark = strstr(format, "%s");
	char *filled = NULL;

	if (mark == NULL) {
		return strdup(format);
	}
	return asprintf(&filled, "%.*s%s%s", (int)(mark - format), format, value, mark + 2) < 0
		       ? NULL
		       : filled;
}

static int add_word(struct strings *words, const char *format, const char *value)
{
	auto_free char *word = fill(format, value);

	return word != NULL ? strings_add(words, word) : -ENOMEM;
}

/* One question: its words, and the paths in them as the answer will call them. */
struct inquiry {
	const struct package_manager *manager;
	const struct packages_options *options;
	const char *database;
	struct strings words;
	struct strings paths;
	size_t first; /* of places */
};

static void inquiry_finish(struct inquiry *inquiry)
{
	strings_finish(&inquiry->words);
	strings_finish(&inquiry->paths);
}

static int begin_words(struct inquiry *inquiry)
{
	const struct package_manager *manager = inquiry->manager;
	const char *programs = inquiry->options->programs;
	auto_free char *program = path_join(programs, manager->program);
	auto_free char *directory = path_directory(inquiry->database);
	int rc = program == NULL || directory == NULL ? -ENOMEM
						      : strings_add(&inquiry->words, program);

	if (rc == 0 && manager->wants_root) {
		rc = add_word(&inquiry->words, "--root=%s/", inquiry->options->root);
	}
	for (size_t i = 0; rc == 0 && manager->words[i] != NULL; i++) {
		rc = add_word(&inquiry->words, manager->words[i], directory);
	}
	return rc;
}

static int add_path(struct inquiry *inquiry, const char *path)
{
	const struct package_manager *manager = inquiry->manager;
	auto_free char *known =
		path_join(manager->wants_root ? inquiry->options->root : NULL, path);
	auto_free char *asked = known != NULL ? package_question(manager->dialect, known) : NULL;

	if (known == NULL || asked == NULL) {
		return -ENOMEM;
	}
	int rc = strings_add(&inquiry->words, asked);

	return rc < 0 ? rc : strings_add(&inquiry->paths, known);
}

/* As many paths as have their answers kept; at least one. */
static int add_paths(struct inquiry *inquiry, const struct places *places)
{
	size_t bytes = 0;

	for (size_t i = inquiry->first; i < places->count; i++) {
		const char *path = places->items[i].path;

		bytes += path != NULL ? strlen(path) : 0;
		if (bytes > LIMIT_PACKAGE_PATHS && i > inquiry->first) {
			return 0;
		}
		if (path == NULL || add_path(inquiry, path) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* 1: *ret_index, one of the inquiry's paths, belongs to *ret_package; 0: none does. */
static int ask(const struct inquiry *inquiry, size_t *ret_index, char **ret_package,
	       struct error *err)
{
	auto_process_result struct process_result answer = {0};
	const struct packages_options *options = inquiry->options;
	uint64_t timeout = options->timeout_ms > 0 ? options->timeout_ms : ANSWER_TIMEOUT_MS;
	const char *program = inquiry->words.items[0];
	int rc = process_run_interruptibly(&inquiry->words, timeout, options->interrupts, &answer,
					   err);

	if (rc == -EINTR) {
		return rc;
	}
	if (rc < 0) {
		return error_prefix(err, "%s is there", inquiry->database);
	}
	rc = package_answer_read(inquiry->manager->dialect, &answer, &inquiry->paths, ret_index,
				 ret_package, err);
	return rc < 0 ? error_prefix(err, "%s", program) : rc;
}

static int make_command(const struct inquiry *inquiry, const char *package, char **ret)
{
	const struct remedy *remedy = inquiry->manager->remedies;

	for (; remedy->program != NULL; remedy++) {
		auto_free char *program = path_join(inquiry->options->programs, remedy->program);

		if (program == NULL) {
			return -ENOMEM;
		}
		if (access(program, X_OK) == 0) {
			break;
		}
	}
	*ret = fill(remedy->command, package);
	return *ret != NULL ? 0 : -ENOMEM;
}

static int make_owner(const struct inquiry *inquiry, const char *path, char **package,
		      struct package_owner *ret, struct error *err)
{
	struct package_owner owner = {.path = strdup(path), .package = take_pointer(package)};

	if (owner.path == NULL || make_command(inquiry, owner.package, &owner.command) < 0) {
		package_owner_finish(&owner);
		return error_no_memory(err);
	}
	*ret = owner;
	return 0;
}

/* One question about the places from inquiry->first on, which is then the next one to ask about.
 * 1: *ret is its owner. */
static int inquire(struct inquiry *inquiry, const struct artifact *artifacts,
		   const struct places *places, struct package_owner *ret, struct error *err)
{
	auto_free char *package = NULL;
	size_t index = 0;

	if (begin_words(inquiry) < 0 || add_paths(inquiry, places) < 0) {
		return error_no_memory(err);
	}
	int rc = ask(inquiry, &index, &package, err);

	if (rc > 0) {
		const struct place *place = &places->items[inquiry->first + index];

		rc = make_owner(inquiry, artifacts[place->artifact].install, &package, ret, err);
		return rc < 0 ? rc : 1;
	}
	inquiry->first += inquiry->paths.count;
	strings_finish(&inquiry->words);
	strings_finish(&inquiry->paths);
	return rc;
}

/* 1: *ret is an owner by this manager. */
static int ask_manager(const struct package_manager *manager,
		       const struct packages_options *options, const struct artifact *artifacts,
		       const struct places *places, struct package_owner *ret, struct error *err)
{
	bool found = false;
	auto_free char *database = find_database(manager, options->root, &found);
	__attribute__((cleanup(inquiry_finish))) struct inquiry inquiry = {
		.manager = manager,
		.options = options,
		.database = database,
	};
	int rc = 0;

	if (database == NULL) {
		return found ? error_no_memory(err) : 0;
	}
	while (rc == 0 && inquiry.first < places->count) {
		rc = inquire(&inquiry, artifacts, places, ret, err);
	}
	return rc;
}

int packages_find_owner(const struct artifact *artifacts, size_t count,
			const struct packages_options *options, struct package_owner *ret,
			struct error *err)
{
	__attribute__((cleanup(places_finish))) struct places places = {0};
	struct package_owner owner = {0};
	int rc = find_places(artifacts, count, options->root, &places, err);

	for (size_t i = 0; i < sizeof(managers) / sizeof(managers[0]) && rc == 0; i++) {
		rc = ask_manager(&managers[i], options, artifacts, &places, &owner, err);
	}
	if (rc < 0) {
		return rc == -EINTR ? rc
				    : error_prefix(err, "cannot tell whether a package owns what "
							"is to be replaced");
	}
	*ret = owner;
	return 0;
}
