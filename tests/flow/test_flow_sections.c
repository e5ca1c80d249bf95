/*
 * test_flow_sections.c - `banger-update config check` asks the plugins themselves which keys their
 * sections may have, and `plugin list` and `plugin check` see what a run would see.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "support/scratch.h"

#define PROGRAM    BANGER_BUILD_DIR "/prefix/bin/banger-update"
#define PLUGINS    BANGER_BUILD_DIR "/test-plugins"
#define TIMEOUT_MS 20000

/* The lines of the INI before a test's own ones: sections begin on line 8. */
#define HEAD                                                                                       \
	"[update]\n"                                                                               \
	"product = notesd\n"                                                                       \
	"manifest = https://releases.example.org/manifest.json\n"                                  \
	"keys = /etc/keys\n"                                                                       \
	"manager = command\n"                                                                      \
	"[artifact notesd]\n"                                                                      \
	"install = /usr/bin/notesd\n"

static struct scratch scratch;
static char *ini;
static char *plugins;
static struct process_result result;

static void begin(void)
{
	scratch = scratch_make();
	cr_assert(chmod(scratch.path, 0755) == 0);
	ini = scratch_path(&scratch, "notes.ini");
	plugins = scratch_path(&scratch, "plugins");
	scratch_directory(plugins);
}

static void end(void)
{
	process_result_finish(&result);
	free(ini);
	free(plugins);
	scratch_remove(&scratch);
}

TestSuite(flow_sections, .init = begin, .fini = end);

static void add_plugin(const char *plugin, const char *file)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(16u << 20);
	char *from = NULL;
	char *to = path_join(plugins, file);
	struct error err;

	cr_assert(asprintf(&from, "%s/%s", PLUGINS, plugin) > 0);
	cr_assert(file_read_path(from, &bytes, &err) == 0, "%s", err.text);
	scratch_write_bytes(to, bytes.data, bytes.length, 0755);
	free(from);
	free(to);
}

/* preflight: more lines for its section. */
static void write_ini(const char *sections, const char *preflight)
{
	char *text = NULL;

	cr_assert(asprintf(&text, "%s%s[preflight]\nplugin_dir = %s\n%s", HEAD, sections, plugins,
			   preflight) > 0);
	scratch_write(ini, text);
	free(text);
}

/* Runs banger-update on the INI with the words of line. */
static int run(const char *line)
{
	struct strings argv = {0};
	struct error err;
	char *copy = strdup(line);
	char *rest = NULL;

	process_result_finish(&result);
	cr_assert(strings_add(&argv, PROGRAM) == 0 && strings_add(&argv, "--config") == 0 &&
		  strings_add(&argv, ini) == 0);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		cr_assert(strings_add(&argv, word) == 0);
	}
	cr_assert(process_run(&argv, TIMEOUT_MS, &result, &err) == 0, "%s", err.text);
	strings_finish(&argv);
	free(copy);
	cr_assert(!result.status.timed_out && result.status.signal == 0);
	return result.status.exit_code;
}

static const char *output(void)
{
	return buffer_text(&result.output);
}

static const char *errors(void)
{
	return buffer_text(&result.errors);
}

/* What is said on stderr of this line of the INI. */
static void expect_at(unsigned line, const char *what)
{
	char *expected = NULL;

	cr_assert(asprintf(&expected, "configuration: %s:%u: %s", ini, line, what) > 0);
	cr_assert_not_null(strstr(errors(), expected), "no '%s' in: %s", expected, errors());
	free(expected);
}

Test(flow_sections, that_fit_their_plugins_are_fine)
{
	add_plugin("required.so", "required.so");
	add_plugin("optional.so", "optional.so");
	add_plugin("raining.sh", "raining.sh");
	write_ini("[plugin required]\nneedle = hay\n[plugin raining]\nwhatever = it reads\n", "");
	cr_assert_eq(run("config check"), 0, "%s", errors());
	cr_assert_not_null(strstr(output(), "fine: notesd"), "%s", output());
	cr_assert_str_empty(errors());
}

Test(flow_sections, every_key_that_a_plugin_does_not_know_is_found_with_its_line)
{
	add_plugin("optional.so", "optional.so");
	write_ini("[plugin optional]\ncolour = blue\ncolor = red\n\nshape = round\n", "");
	cr_assert_eq(run("config check"), 64, "%s", output());
	expect_at(10, "section [plugin optional] has the unknown key color; the plugin knows: "
		      "colour, size");
	expect_at(12, "section [plugin optional] has the unknown key shape");
	cr_assert_str_empty(output());
}

Test(flow_sections, a_key_that_a_plugin_needs_is_missed_at_its_section)
{
	add_plugin("required.so", "required.so");
	write_ini("[plugin required]\ntimeout = 5s\n", "");
	cr_assert_eq(run("config check"), 64, "%s", output());
	expect_at(8, "section [plugin required] does not set needle");
	/* Nobody asked for it: it would be skipped. */
	write_ini("", "");
	cr_assert_eq(run("config check"), 0, "%s", errors());
}

Test(flow_sections, a_right_that_is_not_granted_is_told)
{
	add_plugin("needs-network.so", "needs-network.so");
	write_ini("[plugin needs-network]\ntimeout = 5s\ngrant = root\n", "");
	cr_assert_eq(run("config check"), 64, "%s", output());
	expect_at(10, "asks for network, which section [plugin needs-network] does not grant");
}

Test(flow_sections, a_section_without_its_plugin_is_told_unless_it_is_switched_off)
{
	write_ini("[plugin required]\nneedle = hay\n", "");
	cr_assert_eq(run("config check"), 64, "%s", output());
	expect_at(8, "the configuration has a section [plugin required], but there is no ");
	write_ini("[plugin required]\nneedle = hay\nenabled = no\n", "");
	cr_assert_eq(run("config check"), 0, "%s", errors());
}

Test(flow_sections, a_plugin_that_cannot_be_loaded_takes_nothing_from_the_check_of_the_ini)
{
	add_plugin("undefined-symbol.so", "undefined-symbol.so");
	add_plugin("constructor-crash.so", "constructor-crash.so");
	write_ini("", "");
	cr_assert_eq(run("config check"), 3, "%s", output());
	cr_assert_not_null(strstr(output(), "fine: notesd"), "%s", output());
	cr_assert_not_null(strstr(errors(), "plugin constructor-crash: "), "%s", errors());
	cr_assert_not_null(strstr(errors(), "plugin undefined-symbol: cannot be loaded"), "%s",
			   errors());
	add_plugin("optional.so", "optional.so");
	write_ini("[plugin optional]\nshape = round\n", "");
	cr_assert_eq(run("config check"), 64, "%s", output());
	expect_at(9, "section [plugin optional] has the unknown key shape");
}

Test(flow_sections, a_plugin_directory_that_is_not_there_is_told_behind_the_ini)
{
	cr_assert(rmdir(plugins) == 0);
	write_ini("", "");
	cr_assert_eq(run("config check"), 3, "%s", output());
	cr_assert_not_null(strstr(output(), "fine: notesd"), "%s", output());
	cr_assert_not_null(strstr(errors(), "create it or correct plugin_dir"), "%s", errors());
}

Test(flow_sections, are_judged_for_programs_too)
{
	add_plugin("optional.so", "optional.so");
	write_ini("[plugin optional]\nshape = round\n", "");
	cr_assert_eq(run("config check --json"), 64, "%s", output());

	json_t *object = json_loads(output(), JSON_REJECT_DUPLICATES, NULL);
	const json_t *plugin = json_array_get(json_object_get(object, "plugins"), 0);
	const json_t *finding = json_array_get(json_object_get(plugin, "findings"), 0);

	cr_assert_not_null(object, "%s", output());
	cr_assert_str_eq(json_string_value(json_object_get(finding, "code")), "shape");
	cr_assert_not_null(
		strstr(json_string_value(json_object_get(json_object_get(object, "error"), "text")),
		       "notes.ini:9: "));
	json_decref(object);
	cr_assert_str_empty(errors());
}

Test(flow_sections, a_list_of_plugins_keeps_to_the_sandbox_and_the_user_of_a_run)
{
	add_plugin("ok.so", "ok.so");
	write_ini("", "sandbox = required\nuser = 65533\n");
	/* A test is no place to take Landlock from the kernel: both answers are one of a run's. */
	int exit_code = run("plugin list --json");

	cr_assert(exit_code == 0 || strstr(output(), "plugin.sandbox") != NULL, "%s", output());
	if (geteuid() == 0) {
		cr_assert_not_null(strstr(output(), "\"sandbox\":\"user 65533"), "%s", output());
		write_ini("", "user = root\n");
		cr_assert_eq(run("plugin list"), 3);
		cr_assert_not_null(strstr(errors(), "user in [preflight]"), "%s", errors());
	}
}

Test(flow_sections, what_a_section_would_say_can_be_said_to_check)
{
	char *line = NULL;

	add_plugin("needs-network.so", "needs-network.so");
	write_ini("", "");
	cr_assert(asprintf(&line, "plugin check %s/needs-network.so", plugins) > 0);
	cr_assert_eq(run(line), 3, "%s", output());
	cr_assert_not_null(strstr(errors(), "asks for network"), "%s", errors());
	free(line);
	cr_assert(asprintf(&line, "plugin check %s/needs-network.so --grant network", plugins) > 0);
	cr_assert_eq(run(line), 0, "%s", errors());
	free(line);
	add_plugin("hang.so", "hang.so");
	cr_assert(asprintf(&line, "plugin check %s/hang.so --timeout 300ms", plugins) > 0);
	cr_assert_eq(run(line), 3, "%s", output());
	cr_assert_not_null(strstr(errors(), "within 300 ms"), "%s", errors());
	free(line);
}

Test(flow_sections, what_no_section_may_say_is_refused_by_check)
{
	static const char *const wrong[] = {
		"plugin check x --grant everything",
		"plugin check x --timeout soon",
		"plugin check x --timeout 0s",
		"plugin check x --timeout 25h",
		"plugin list --grant",
	};

	add_plugin("ok.so", "ok.so");
	write_ini("", "");
	cr_assert(chdir(plugins) == 0);
	cr_assert(rename("ok.so", "x") == 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *line = strdup(wrong[i]);
		char *at = strstr(line, " x ");
		char *full = NULL;

		if (at != NULL) {
			*at = '\0';
			cr_assert(asprintf(&full, "%s %s/x %s", line, plugins, at + 3) > 0);
		}
		cr_assert_eq(run(full != NULL ? full : line), 64, "%s: %s", wrong[i], errors());
		free(line);
		free(full);
	}
}
