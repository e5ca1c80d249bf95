/*
 * test_flow_config.c - `banger-update config`, as it is installed: files and values in order, each
 * with where it stands, for people and for programs.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/command.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/process.h"
#include "base/trust.h"
#include "support/scratch.h"

#define PROGRAM    BANGER_BUILD_DIR "/prefix/bin/banger-update"
#define SHIPPED    BANGER_BUILD_DIR "/prefix/share/banger-update/banger.ini"
#define INI_MAX    65536
#define TIMEOUT_MS 20000
#define COLUMNS    80

static const char main_text[] =
	"; the least, and a little more\n"
	"[update]\n"
	"product  = notesd\n"
	"manifest = https://releases.example.org/with/a/rather/long/address/notesd/manifest.json\n"
	"keys     = /etc/keys\n"
	"manager  = command\n"
	"[artifact notesd]\n"
	"install = /usr/bin/notesd\n"
	"[health]\n"
	"command = /usr/bin/notesd --health --and-so-many --other-options --that-a-line --is-not\n"
	"timeout = 7s\n";

static const char drop_in_text[] = "[health]\n"
				   "timeout = 8s\n"
				   "[artifact index]\n"
				   "install = /usr/bin/index\n"
				   "[plugin disk-space]\n"
				   "reserve = 1GiB\n";

static struct scratch scratch;
static char *ini;
static char *drop_in;
static char *mask;
static struct process_result result;

static void begin(void)
{
	scratch = scratch_make();
	ini = scratch_path(&scratch, "notes.ini");
	drop_in = scratch_path(&scratch, "notes.ini.d/10-local.ini");
	mask = scratch_path(&scratch, "notes.ini.d/20-off.ini");

	char *directory = scratch_path(&scratch, "notes.ini.d");

	scratch_directory(directory);
	scratch_write(ini, main_text);
	scratch_write(drop_in, drop_in_text);
	cr_assert(symlink("/dev/null", mask) == 0);
	free(directory);
}

static void end(void)
{
	process_result_finish(&result);
	free(ini);
	free(drop_in);
	free(mask);
	scratch_remove(&scratch);
}

TestSuite(flow_config, .init = begin, .fini = end);

/* Runs banger-update with these words and gives back its exit code. */
static int run_words(const char *const *words)
{
	struct strings argv = {0};
	struct error err;

	process_result_finish(&result);
	cr_assert(strings_add(&argv, PROGRAM) == 0);
	for (; *words != NULL; words++) {
		cr_assert(strings_add(&argv, *words) == 0);
	}
	cr_assert(process_run(&argv, TIMEOUT_MS, &result, &err) == 0, "%s", err.text);
	strings_finish(&argv);
	cr_assert(!result.status.timed_out && result.status.signal == 0);
	return result.status.exit_code;
}

/* The same with `config WORD` for our file; option may be NULL. */
static int run(const char *word, const char *option)
{
	return run_words((const char *const[]){"--config", ini, "config", word, option, NULL});
}

static const char *output(void)
{
	return buffer_text(&result.output);
}

static const char *errors(void)
{
	return buffer_text(&result.errors);
}

/* That a line begins with left and ends with right (formatted), blanks between them. */
static void expect_line(const char *left, const char *file, unsigned line)
{
	char *right = NULL;
	const char *start = strstr(output(), left);

	cr_assert(start != NULL && (start == output() || start[-1] == '\n'), "no '%s' in:\n%s",
		  left, output());
	cr_assert(asprintf(&right, line > 0 ? "%s:%u\n" : "%s\n", file, line) > 0);
	start += strlen(left);
	start += strspn(start, " \n");
	cr_assert(strncmp(start, right, strlen(right)) == 0, "not '%s' but '%.60s' behind '%s'",
		  right, start, left);
	free(right);
}

Test(flow_config, show_tells_of_every_value_where_it_comes_from)
{
	cr_assert_eq(run("show", NULL), 0, "%s", errors());
	expect_line("product = notesd", ini, 3);
	expect_line("timeout = 8s", drop_in, 2);
	expect_line("install = /usr/bin/index", drop_in, 4);
	expect_line("reserve = 1GiB", drop_in, 6);
	expect_line("settle = 5s", "default", 0);
	expect_line("state_dir = /var/lib/banger-update/notesd", "default", 0);
	expect_line("proxy", "unset", 0);
	cr_assert_null(strstr(output(), "7s"), "a value that is not in force is shown");
	cr_assert_str_empty(errors());
}

Test(flow_config, show_lists_the_files_as_they_are_read)
{
	char *expected = NULL;

	cr_assert_eq(run("show", NULL), 0, "%s", errors());
	cr_assert(asprintf(&expected, "\n%s\n%s\n%s ", ini, drop_in, mask) > 0);
	cr_assert_not_null(strstr(output(), expected), "%s", output());
	expect_line(mask, "not read: a mask", 0);
	free(expected);
}

Test(flow_config, show_keeps_sections_in_their_order)
{
	static const char *const sections[] = {
		"\n[update]\n",         "\n[artifact notesd]\n",   "\n[health]\n",
		"\n[artifact index]\n", "\n[plugin disk-space]\n", "\n[preflight]\n"};
	const char *at = NULL;

	cr_assert_eq(run("show", NULL), 0, "%s", errors());
	at = output();
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		at = strstr(at, sections[i]);
		cr_assert(at != NULL, "%s is missing, or too early:\n%s", sections[i], output());
	}
}

Test(flow_config, show_fits_a_terminal)
{
	size_t widest = 0;

	cr_assert_eq(run("show", NULL), 0, "%s", errors());
	for (const char *line = output(); *line != '\0';) {
		size_t length = strcspn(line, "\n");
		const char *word = strstr(line, "https://");
		bool is_one_word = word != NULL && word < line + length;

		cr_assert(length <= COLUMNS || is_one_word, "%.*s", (int)length, line);
		widest = length > widest ? length : widest;
		line += length + (line[length] == '\n');
	}
	cr_assert(widest >= COLUMNS, "origins do not stand at the right");
	cr_assert_not_null(strstr(output(), "\nmanifest =\n    https://releases.example.org/with/a/"
					    "rather/long/address/notesd/manifest.json\n"));
}

static json_t *answer(void)
{
	json_error_t error;
	json_t *object = json_loads(output(), JSON_REJECT_DUPLICATES, &error);

	cr_assert(object != NULL, "%s in: %s%s", error.text, output(), errors());
	return object;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* The value of a key; its section's name is "" where it has none. */
static const json_t *value_of(const json_t *object, const char *section, const char *name,
			      const char *key)
{
	const json_t *values = json_object_get(object, "values");

	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *value = json_array_get(values, i);

		if (strcmp(text_of(value, "section"), section) == 0 &&
		    strcmp(text_of(value, "name"), name) == 0 &&
		    strcmp(text_of(value, "key"), key) == 0) {
			return value;
		}
	}
	cr_assert_fail("there is no %s of [%s %s]", key, section, name);
	return NULL;
}

Test(flow_config, json_has_the_same_for_programs)
{
	cr_assert_eq(run("show", "--json"), 0, "%s", errors());

	json_t *object = answer();
	const json_t *timeout = value_of(object, "health", "", "timeout");
	const json_t *settle = value_of(object, "health", "", "settle");
	const json_t *install = value_of(object, "artifact", "index", "install");

	cr_assert(json_integer_value(json_object_get(object, "schema")) == 1);
	cr_assert_str_eq(text_of(object, "command"), "config");
	cr_assert_str_eq(text_of(timeout, "value"), "8s");
	cr_assert_str_eq(text_of(timeout, "file"), drop_in);
	cr_assert(json_integer_value(json_object_get(timeout, "line")) == 2);
	cr_assert_str_eq(text_of(settle, "value"), "5s");
	cr_assert(json_is_null(json_object_get(settle, "file")));
	cr_assert(json_is_null(json_object_get(settle, "line")));
	cr_assert(json_is_null(json_object_get(settle, "name")));
	cr_assert_str_eq(text_of(install, "value"), "/usr/bin/index");
	cr_assert(json_is_null(json_object_get(value_of(object, "update", "", "proxy"), "value")));
	json_decref(object);
}

Test(flow_config, json_lists_the_files_with_their_state)
{
	cr_assert_eq(run("show", "--json"), 0, "%s", errors());

	json_t *object = answer();
	const json_t *files = json_object_get(object, "files");
	const char *const paths[] = {ini, drop_in, mask};
	static const char *const states[] = {"read", "read", "mask"};

	cr_assert(json_array_size(files) == 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *file = json_array_get(files, i);

		cr_assert_str_eq(text_of(file, "path"), paths[i]);
		cr_assert_str_eq(text_of(file, "state"), states[i]);
		cr_assert(json_is_true(json_object_get(file, "drop_in")) == (i > 0));
	}
	json_decref(object);
}

Test(flow_config, check_says_how_many_files_were_read)
{
	cr_assert_eq(run("check", NULL), 0, "%s", errors());
	cr_assert_not_null(strstr(output(), "fine: notesd with 2 artifacts"), "%s", output());
	cr_assert_not_null(strstr(output(), "read from 2 files\n"), "%s", output());
	cr_assert(unlink(drop_in) == 0);
	cr_assert_eq(run("check", NULL), 0, "%s", errors());
	cr_assert_not_null(strstr(output(), "read from 1 file\n"), "%s", output());
}

Test(flow_config, a_mistake_in_a_drop_in_is_found_by_both_and_named)
{
	static const char *const words[] = {"check", "show"};
	char *expected = NULL;

	scratch_write(drop_in, "[health]\n\ntimeout = soon\n");
	cr_assert(asprintf(&expected, "configuration: %s:3: timeout = soon: ", drop_in) > 0);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(run(words[i], NULL), 64);
		cr_assert_str_empty(output());
		cr_assert(strncmp(errors(), expected, strlen(expected)) == 0, "%s", errors());
	}
	free(expected);
}

Test(flow_config, a_mistake_is_json_too)
{
	scratch_write(drop_in, "[health]\ntimeout = soon\n");
	cr_assert_eq(run("show", "--json"), 64);

	json_t *object = answer();
	const json_t *error = json_object_get(object, "error");

	cr_assert_str_eq(text_of(object, "command"), "config");
	cr_assert(strstr(text_of(error, "text"), drop_in) != NULL, "%s", output());
	json_decref(object);
}

Test(flow_config, an_update_reads_the_drop_ins_as_well)
{
	scratch_write(drop_in, "[update]\nmanifest = ftp://nowhere\n");
	cr_assert_eq(run_words((const char *const[]){"--config", ini, "--check", NULL}), 64);
	cr_assert_not_null(strstr(errors(), "10-local.ini:2: manifest = ftp://nowhere"), "%s",
			   errors());
}

Test(flow_config, there_are_two_words_for_it)
{
	cr_assert_eq(run("print", NULL), 64);
	cr_assert_not_null(strstr(errors(), "`config show` and `config check`"), "%s", errors());
}

static void expect_no_file(void)
{
	cr_assert_eq(run_words((const char *const[]){"config", "check", NULL}), 64);
	cr_assert_not_null(strstr(errors(), "write " BANGER_CONFDIR "/banger.ini, or name a file "
					    "with --config"),
			   "%s", errors());
}

/* One test, since another one would see what this one writes. */
Test(flow_config, without_a_name_the_installed_files_are_found_and_missed)
{
	char *directory = NULL, *path = NULL;
	struct error err;

	if (scratch_exists(BANGER_CONFDIR) || scratch_exists("/run/banger-update") ||
	    scratch_exists("/usr/local/lib/banger-update") ||
	    scratch_exists("/usr/lib/banger-update")) {
		cr_skip_test("banger-update is configured on this host");
	}
	expect_no_file();
	if (access(BANGER_BUILD_DIR "/prefix", W_OK) != 0 ||
	    trust_check_chain(BANGER_BUILD_DIR "/prefix", geteuid(), &err) < 0) {
		cr_skip_test(BANGER_CONFDIR " is not only ours to write");
	}
	cr_assert(asprintf(&directory, "%s/banger.ini.d", BANGER_CONFDIR) > 0);
	cr_assert(asprintf(&path, "%s/banger.ini", BANGER_CONFDIR) > 0);
	scratch_directory(directory);
	scratch_write(path, main_text);

	int exit_code = run_words((const char *const[]){"config", "check", NULL});

	cr_assert(unlink(path) == 0 && rmdir(directory) == 0 && rmdir(BANGER_CONFDIR) == 0);
	cr_assert_eq(exit_code, 0, "%s", errors());
	cr_assert(strncmp(output(), path, strlen(path)) == 0, "%s", output());
	free(directory);
	free(path);
}

/* What stands behind [health] command in the file that is installed as an example. */
static char *shipped_health(void)
{
	auto_buffer struct buffer text = BUFFER_INIT(INI_MAX);
	struct error err;

	cr_assert(file_read_path(SHIPPED, &text, &err) == 0, "%s", err.text);
	char *section = strstr(buffer_text(&text), "\n[health]\n");

	cr_assert_not_null(section);
	char *value = strstr(section, "\ncommand = ");

	cr_assert_not_null(value);
	value += strlen("\ncommand = ");
	return strndup(value, strcspn(value, "\n"));
}

/* Whatever it finds on this host, it knows where to look. */
Test(flow_config, the_shipped_health_command_can_judge_in_the_updaters_environment)
{
	static const char installed[] = "/usr/local/bin/banger ";
	char *line = shipped_health();
	char *here = NULL;
	struct command command = {0};
	struct strings words = {0};
	struct error err;

	cr_assert(strncmp(line, installed, strlen(installed)) == 0, "%s", line);
	cr_assert(asprintf(&here, "\"%s\" %s", BANGER_BUILD_DIR "/prefix/bin/banger",
			   line + strlen(installed)) > 0);
	cr_assert(command_parse(here, &command, &err) == 0, "%s", err.text);
	cr_assert(command_expand(&command, &(const struct command_values){.root = ""}, &words,
				 &err) == 0);
	process_result_finish(&result);
	cr_assert(process_run(&words, TIMEOUT_MS, &result, &err) == 0, "%s", err.text);
	cr_assert_leq(result.status.exit_code, 1, "%s", buffer_text(&result.errors));
	cr_assert_not_null(strstr(buffer_text(&result.output), "socket: "));
	strings_finish(&words);
	command_finish(&command);
	free(here);
	free(line);
}
