/*
 * test_config_visit.c - what `config show` will show: every value and where it comes from.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "config_case.h"

static int print(void *data, const struct config_value *value)
{
	const char *name = value->name != NULL ? value->name : "-";
	const char *text = value->text != NULL ? value->text : "(unset)";

	return buffer_add_format(data, "%s %s %s=%s %u\n", value->section, name, value->key, text,
				 value->file != NULL ? value->line : 0);
}

static char *show(const struct config *config)
{
	struct buffer shown = BUFFER_INIT(LIMIT_CONFIG);

	cr_assert(config_visit(config, print, &shown) == 0);
	return buffer_detach(&shown);
}

static void expect(const char *shown, const char *line)
{
	cr_assert(strstr(shown, line) != NULL, "'%s' is not in:\n%s", line, shown);
}

Test(config_visit, shows_written_values_with_their_line_and_defaults_without)
{
	struct config_case good = case_good(LEAST_LINES "[preflight]\ntimeout = 7s\n"
							"[plugin p]\nown = x y\ngrant =\n");
	char *shown = show(good.config);

	expect(shown, "update - product=notesd 2\n");
	expect(shown, "update - keys=/etc/keys 4\n");
	expect(shown, "update - state_dir=/var/lib/banger-update/notesd 0\n");
	expect(shown, "update - manager=command 0\n");
	expect(shown, "update - proxy=(unset) 0\n");
	expect(shown, "artifact notesd install=/usr/bin/notesd 6\n");
	expect(shown, "artifact notesd mode=keep 0\n");
	expect(shown, "health - settle=5s 0\n");
	expect(shown, "plugin p timeout=7s 0\n");
	expect(shown, "plugin p own=x y 10\n");
	expect(shown, "plugin p grant= 11\n");
	free(shown);
	case_finish(&good);
}

Test(config_visit, leaves_out_what_belongs_to_the_other_manager)
{
	struct config_case good =
		case_good("[update]\nproduct = a\nmanifest = https://a/b\n"
			  "keys = /k\nmanager = systemd\n" ARTIFACT_LINES "[service s]\n");
	char *shown = show(good.config);

	expect(shown, "service s ready_timeout=30s 0\n");
	cr_assert(strstr(shown, "pid_file") == NULL);
	free(shown);
	case_finish(&good);
}

static int stop_at_keys(void *data, const struct config_value *value)
{
	++*(int *)data;
	return strcmp(value->key, "keys") == 0 ? 42 : 0;
}

Test(config_visit, stops_when_the_visitor_says_so)
{
	struct config_case good = case_good(LEAST_LINES);
	int visited = 0;

	cr_assert(config_visit(good.config, stop_at_keys, &visited) == 42);
	cr_assert(visited == 3);
	case_finish(&good);
}
