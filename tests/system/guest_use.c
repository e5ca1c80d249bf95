/*
 * guest_use.c - guest.h: the updater run in the machine, and what is to be seen afterwards.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/world_parts.h"
#include "system/guest.h"

#define SERVICE "bangerd.service"

struct running guest_begin(const struct guest *guest, const char *unit, const char *line)
{
	char *command = NULL;

	must(asprintf(&command,
		      "exec systemd-run --quiet --wait --pipe --collect --unit=%s "
		      "/usr/bin/banger-update %s",
		      unit, line) > 0);
	struct running running = machine_begin(&guest->machine, command);

	free(command);
	return running;
}

struct running guest_begin_to_gate(const struct guest *guest)
{
	struct running running = guest_begin(guest, "an-update.service", "");

	machine_await(&guest->machine, "gate");
	return running;
}

struct outcome guest_update(const struct guest *guest, const char *line)
{
	struct running running = guest_begin(guest, "an-update.service", line);

	return world_await(&running);
}

char *guest_show(const struct guest *guest, const char *unit, const char *property)
{
	char *command = NULL;

	must(asprintf(&command, "systemctl show --value -p %s %s", property, unit) > 0);
	char *answer = machine_ask(&guest->machine, command);

	free(command);
	return answer;
}

bool guest_is(const struct guest *guest, const char *unit, const char *property,
	      const char *expected)
{
	char *value = guest_show(guest, unit, property);
	bool is_so = strcmp(value, expected) == 0;

	free(value);
	return is_so;
}

long guest_moment(const struct guest *guest, const char *unit, const char *property)
{
	char *text = guest_show(guest, unit, property);
	long us = strtol(text, NULL, 10);

	cr_assert_gt(us, 0, "%s was never: %s", property, unit);
	free(text);
	return us;
}

struct guest_sight guest_look(const struct guest *guest)
{
	char *both = machine_ask(&guest->machine,
				 "echo $(systemctl show --value -p MainPID -p InvocationID " SERVICE
				 ")");
	char *invocation = strchr(both, ' ');

	must(invocation != NULL);
	*invocation++ = '\0';
	return (struct guest_sight){
		.files = world_files(&guest->world),
		.database = world_dump(&guest->world),
		.pid = both,
		.invocation = invocation,
	};
}

void guest_sight_free(struct guest_sight *sight)
{
	free(sight->files);
	free(sight->database);
	free(sight->pid); /* with the invocation */
}

void guest_assert_well(const struct guest *guest, const char *version)
{
	char *answers = machine_ask(
		&guest->machine,
		"test /proc/$(systemctl show --value -p MainPID " SERVICE ")/exe -ef "
		"/usr/local/bin/bangerd || echo another file runs;"
		"/usr/local/bin/banger doctor --system >/dev/null || echo not healthy;"
		"echo $(systemctl show --value -p ActiveState -p NeedDaemonReload " SERVICE ") "
		"$(/usr/local/bin/banger --version)");

	cr_assert(text_has_prefix(answers, "active no ") || text_has_prefix(answers, "no active "),
		  "%s", answers);
	cr_assert(text_has_word(answers, version), "%s instead of %s", answers, version);
	free(answers);
}

static void assert_clean(const struct guest_sight *now)
{
	cr_assert_null(strstr(now->files, ".banger-update"), "%s", now->files);
}

void guest_assert_runs(const struct guest *guest, const struct guest_sight *before,
		       const char *version)
{
	guest_assert_well(guest, version);
	struct guest_sight now = guest_look(guest);

	assert_clean(&now);
	cr_assert_str_neq(now.pid, before->pid, "bangerd was never started again");
	cr_assert_str_neq(now.invocation, before->invocation);
	guest_sight_free(&now);
}

void guest_assert_restored(const struct guest *guest, const struct guest_sight *before,
			   const char *version)
{
	guest_assert_runs(guest, before, version);
	struct guest_sight now = guest_look(guest);

	cr_assert_str_eq(now.files, before->files);
	cr_assert_str_eq(now.database, before->database);
	guest_sight_free(&now);
}

void guest_assert_unchanged(const struct guest *guest, const struct guest_sight *before)
{
	struct guest_sight now = guest_look(guest);

	cr_assert_str_eq(now.files, before->files);
	cr_assert_str_eq(now.database, before->database);
	cr_assert_str_eq(now.pid, before->pid, "bangerd is another process");
	cr_assert_str_eq(now.invocation, before->invocation);
	guest_sight_free(&now);
}
