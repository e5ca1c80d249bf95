/*
 * test_flow_plugins.c - what an administrator sees of plugins: those that mean harm beside each
 * other, programs, how they were confined, and what the INI says to each.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "flow/expect.h"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
	publish_release(&world, "0.2.0", 3, NULL);
}

static void end(void)
{
	world_finish(&world);
}

TestSuite(plugins, .init = begin, .fini = end);

static void add_script(const char *name, const char *lines)
{
	char *path = path_join(world.plugins, name);
	char *text = NULL;

	cr_assert_gt(asprintf(&text, "#!/bin/sh\n%s\n", lines), 0);
	scratch_write_bytes(path, text, strlen(text), 0755);
	free(text);
	free(path);
}

/* Runs the plugins alone, which must exit so, and what --json says of them: name -> object. */
static json_t *ask(int exit_code)
{
	struct outcome outcome = world_update(&world, "preflight --json");
	json_t *by_name = json_object();
	json_t *one = NULL;
	size_t i = 0;

	cr_assert_eq(outcome.exit_code, exit_code, "exit %d: %s%s", outcome.exit_code,
		     outcome.output, outcome.errors);
	json_t *root = json_loads(outcome.output, JSON_REJECT_DUPLICATES, NULL);

	json_array_foreach(json_object_get(root, "plugins"), i, one)
	{
		const char *name = json_string_value(json_object_get(one, "name"));

		cr_assert_eq(json_object_set(by_name, name, one), 0);
	}
	json_decref(root);
	outcome_free(&outcome);
	return by_name;
}

static const char *member(json_t *plugins, const char *name, const char *key)
{
	const char *value = json_string_value(json_object_get(json_object_get(plugins, name), key));

	return value != NULL ? value : "(none)";
}

static bool has_finding(json_t *plugins, const char *name, const char *code)
{
	json_t *one = NULL;
	size_t i = 0;

	json_array_foreach(json_object_get(json_object_get(plugins, name), "findings"), i, one)
	{
		const char *found = json_string_value(json_object_get(one, "code"));

		if (found != NULL && strcmp(found, code) == 0 &&
		    json_is_string(json_object_get(one, "remedy"))) {
			return true;
		}
	}
	return false;
}

static const struct {
	const char *plugin;
	const char *code;
} harmful[] = {
	{"abort", "plugin.crashed"},
	{"bad-frame", "plugin.protocol"},
	{"constructor-crash", "plugin.crashed"},
	{"exit-after-pass", "plugin.silent"},
	{"flood-frames", "plugin.protocol"},
	{"fork-bomb", "plugin.timeout"},
	{"newer-minor", "plugin.abi"},
	{"no-descriptor", "plugin.load"},
	{"short", "plugin.abi"},
	{"spin", "plugin.timeout"},
	{"undefined-symbol", "plugin.load"},
	{"wrong-major", "plugin.abi"},
};
#define HARMFUL (sizeof(harmful) / sizeof(harmful[0]))

Test(plugins, that_mean_harm_change_nothing_and_each_is_told_with_its_reason)
{
	for (size_t i = 0; i < HARMFUL; i++) {
		world_add_plugin(&world, harmful[i].plugin);
	}
	world_configure(&world, "[plugin fork-bomb]", "timeout", "1s");
	world_configure(&world, "[plugin fork-bomb]", "marker", "flow-bomb");
	world_configure(&world, "[plugin spin]", "timeout", "1s");
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", "could not find out",
					"abort, bad-frame, constructor-crash"));
	json_t *plugins = ask(3);

	for (size_t i = 0; i < HARMFUL; i++) {
		const char *name = harmful[i].plugin;

		cr_assert_str_eq(member(plugins, name, "verdict"), "error", "%s", name);
		cr_assert(has_finding(plugins, name, harmful[i].code), "%s: no %s", name,
			  harmful[i].code);
	}
	cr_assert_str_eq(member(plugins, "staged-binaries", "verdict"), "compatible");
	json_decref(plugins);
}

Test(plugins, tell_what_confined_them)
{
	json_t *plugins = ask(1);

	cr_assert_not_null(strstr(member(plugins, "staged-binaries", "sandbox"), "seccomp"));
	cr_assert_not_null(strstr(member(plugins, "schema-migration", "sandbox"), "user "));
	json_decref(plugins);
	expect_exit(&world, "-v preflight", 1, "sandbox: user ");
}

static void refuse_landlock(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	cr_assert_not_null(filter);
	cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
				      SCMP_SYS(landlock_create_ruleset), 0),
		     0);
	cr_assert_eq(seccomp_load(filter), 0);
	seccomp_release(filter);
}

Test(plugins, that_a_host_cannot_confine_run_and_that_is_told)
{
	refuse_landlock();
	expect_exit(&world, "", 0, "plugins could not be wholly confined here");
}

Test(plugins, that_a_host_cannot_confine_do_not_run_when_they_must_be)
{
	refuse_landlock();
	world_configure(&world, "[preflight]", "sandbox", "required");
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", "Landlock (Operation not permitted)",
					"set sandbox = best", "schema-migration, staged-binaries"));
}

Test(plugins, may_be_scripts)
{
	add_script("weather.sh", "echo 'incompatible: it rains'; echo 'remedy: wait for the sun'\n"
				 "exit 2");
	expect_nothing_changed(&world, "",
			       EXPECTED(2, "preflight", "it rains", "wait for the sun",
					"was refused by: weather"));
	add_script("weather.sh", "echo \"compatible: ${PF_PRODUCT} ${PF_VERSION_TO} may come\"\n"
				 "echo 'fact: clouds=3'");
	expect_exit(&world, "", 0, "banger 0.2.0 may come");
}

Test(plugins, that_are_scripts_have_their_section)
{
	add_script("weather.sh", "echo \"needed: ${PF_OPTION_UMBRELLA}\"; exit 1");
	world_configure(&world, "[plugin weather]", "umbrella", "black");
	json_t *plugins = ask(1);

	cr_assert_str_eq(member(plugins, "weather", "verdict"), "needed");
	json_decref(plugins);
	world_configure(&world, "[plugin weather]", "enabled", "no");
	expect_exit(&world, "", 0, "switched off in the configuration");
}

Test(plugins, whose_section_says_so_cannot_be_waived)
{
	world_add_plugin(&world, "busy");
	world_configure(&world, "[plugin busy]", "waivable", "no");
	expect_nothing_changed(&world, "--waive busy",
			       EXPECTED(75, "preflight", "its section says waivable = no",
					"refused by: busy"));
	expect_nothing_changed(&world, "--force",
			       EXPECTED(75, "preflight", "its section says waivable = no"));
	world_configure(&world, "[plugin busy]", "waivable", "yes");
	expect_exit(&world, "--waive busy", 0, "is installed and healthy");
}

Test(plugins, that_ask_for_a_right_run_only_with_it)
{
	world_add_plugin(&world, "needs-network");
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", "asks for network",
					"write grant = into its section"));
	world_configure(&world, "[plugin needs-network]", "grant", "network");
	expect_exit(&world, "", 0, "is installed and healthy");
}
