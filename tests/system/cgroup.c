/*
 * cgroup.c - cgroup.h: where hierarchies are mounted is in /proc/self/mountinfo, where we are in
 * them in /proc/self/cgroup (cgroups(7)).
 */
#include "system/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct hierarchy {
	const char *type;   /* of the file system */
	const char *option; /* among those of its superblock */
	const char *line;   /* how ours begins in /proc/self/cgroup, behind its number */
};

static const struct hierarchy unified = {"cgroup2", "rw", ":"};
static const struct hierarchy named = {"cgroup", "name=systemd", "name=systemd:"};

/* The mount point, or NULL. mountinfo: … (5) mount point … " - " type source options. */
static char *find_mount(const struct hierarchy *hierarchy)
{
	char line[4096];
	char where[1024];
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *found = NULL;

	while (file != NULL && found == NULL && fgets(line, sizeof(line), file) != NULL) {
		char type[64];
		char options[1024];
		const char *rest = strstr(line, " - ");

		if (rest != NULL && sscanf(line, "%*s %*s %*s %*s %1023s", where) == 1 &&
		    sscanf(rest, " - %63s %*s %1023s", type, options) == 2 &&
		    strcmp(type, hierarchy->type) == 0 &&
		    strstr(options, hierarchy->option) != NULL) {
			found = strdup(where);
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return found;
}

/* Our group in it: "/", "/user.slice/…". */
static char *find_own(const struct hierarchy *hierarchy)
{
	char line[4096];
	FILE *file = fopen("/proc/self/cgroup", "re");
	char *found = NULL;

	while (file != NULL && found == NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *rest = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		if (rest != NULL &&
		    strncmp(rest + 1, hierarchy->line, strlen(hierarchy->line)) == 0) {
			found = strdup(rest + 1 + strlen(hierarchy->line));
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return found;
}

static bool make_one(struct cgroups *cgroups, const struct hierarchy *hierarchy, const char *name)
{
	char *mount = find_mount(hierarchy);
	char *own = find_own(hierarchy);
	char *path = NULL;

	if (mount != NULL && own != NULL &&
	    asprintf(&path, "%s%s/%s", mount, strcmp(own, "/") == 0 ? "" : own, name) > 0 &&
	    mkdir(path, 0755) == 0) {
		cgroups->paths[cgroups->count++] = path;
		path = NULL;
	}
	bool failed = path != NULL;

	free(path);
	free(mount);
	free(own);
	return !failed;
}

const char *cgroups_make(struct cgroups *cgroups, const char *name)
{
	*cgroups = (struct cgroups){0};
	bool made = make_one(cgroups, &unified, name);

	cgroups->is_unified = cgroups->count > 0;
	if (!made || !make_one(cgroups, &named, name)) {
		return "control groups cannot be made";
	}
	return cgroups->count > 0 ? NULL : "no hierarchy of control groups is mounted";
}

void cgroups_finish(struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		free(cgroups->paths[i]);
	}
	*cgroups = (struct cgroups){0};
}
