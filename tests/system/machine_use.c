/*
 * machine_use.c - machine.h: what is put into a machine, and what runs in it.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "flow/world_parts.h"
#include "system/machine.h"

#define PATIENCE_MS 60000

char *machine_path(const struct machine *machine, const char *name)
{
	return path_join(machine->root, name[0] == '/' ? name + 1 : name);
}

static void make_parent(const char *path)
{
	char *parent = path_directory(path);

	scratch_directory(parent);
	free(parent);
}

void machine_write(const struct machine *machine, const char *name, const char *text)
{
	char *path = machine_path(machine, name);

	make_parent(path);
	scratch_write(path, text);
	free(path);
}

void machine_copy(const struct machine *machine, const char *from, const char *name)
{
	char *path = machine_path(machine, name);

	make_parent(path);
	run_or_fail((const char *const[]){"/bin/cp", "-R", "--no-target-directory", "--", from,
					  path, NULL});
	free(path);
}

void machine_unit(const struct machine *machine, const char *name, const char *target,
		  const char *text)
{
	char *path = NULL;
	char *link = NULL;

	must(asprintf(&path, "/etc/systemd/system/%s", name) > 0);
	machine_write(machine, path, text);
	if (target != NULL) {
		must(asprintf(&link, "%s/etc/systemd/system/%s.wants/%s", machine->root, target,
			      name) > 0);
		make_parent(link);
		must(symlink(path, link) == 0);
	}
	free(path);
	free(link);
}

void machine_sync(const struct machine *machine)
{
	int fd = open(machine->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must(fd >= 0 && syncfs(fd) == 0 && close(fd) == 0);
}

void machine_await(const struct machine *machine, const char *name)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);
	char *path = NULL;

	must(asprintf(&path, "/proc/%d/root/run/%s", (int)machine->leader, name) > 0);
	while (!scratch_exists(path)) {
		cr_assert_gt(clock_left(deadline), 0, "%s does not appear", path);
		(void)usleep(1000);
	}
	free(path);
}

/* Into all its namespaces, with the environment of nobody. */
static void add_way_in(struct strings *words, const struct machine *machine)
{
	char leader[16];

	must(machine->leader > 0);
	(void)snprintf(leader, sizeof(leader), "%d", (int)machine->leader);
	const char *const all[] = {"/usr/bin/nsenter",
				   "-t",
				   leader,
				   "-m",
				   "-u",
				   "-i",
				   "-n",
				   "-p",
				   "-C",
				   "--root",
				   "--wd",
				   "--",
				   "/usr/bin/env",
				   "-i",
				   "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
				   "LC_ALL=C.UTF-8",
				   "SYSTEMD_PAGER=",
				   "SYSTEMD_COLORS=0"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		must(strings_add(words, all[i]) == 0);
	}
}

struct outcome machine_run(const struct machine *machine, const char *line)
{
	struct strings words = {0};
	char *copy = strdup(line);

	add_way_in(&words, machine);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		must(strings_add(&words, word) == 0);
	}
	struct outcome outcome = run_words(&words);

	strings_finish(&words);
	free(copy);
	return outcome;
}

struct running machine_begin(const struct machine *machine, const char *command)
{
	struct strings words = {0};

	add_way_in(&words, machine);
	must(strings_add(&words, "/bin/sh") == 0 && strings_add(&words, "-c") == 0 &&
	     strings_add(&words, command) == 0);
	struct running running = begin_words(&words);

	strings_finish(&words);
	return running;
}

struct outcome machine_shell(const struct machine *machine, const char *command)
{
	struct running running = machine_begin(machine, command);

	return world_await(&running);
}

char *machine_ask(const struct machine *machine, const char *command)
{
	struct outcome outcome = machine_shell(machine, command);

	cr_assert_eq(outcome.exit_code, 0, "%s: exit %d: %s%s", command, outcome.exit_code,
		     outcome.output, outcome.errors);
	outcome.output[strcspn(outcome.output, "\n")] = '\0';
	free(outcome.errors);
	return outcome.output;
}
