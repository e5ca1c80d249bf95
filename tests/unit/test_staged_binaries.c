/*
 * staged-binaries: which bytes are a program for which machine, and the whole plugin on files.
 */
#include "staged-binaries/program.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "plugins/bench.h"
#include "staged-binaries/artifact.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/staged-binaries/staged-binaries.so"

/* A small ELF file of our own machine, in memory. */
struct tiny {
	ElfW(Ehdr) header;
	ElfW(Phdr) load;
	ElfW(Phdr) interpreter;
	char path[32];
};

static struct machine own_machine(void)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(64 * MIB);
	struct machine machine;
	struct error err;

	char path[PATH_MAX] = {0};

	cr_assert_gt(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
	cr_assert_eq(file_read_path(path, &bytes, &err), 0, "%s", err.text);
	cr_assert(program_machine(bytes.data, bytes.length, &machine));
	return machine;
}

static struct tiny tiny_make(const struct machine *machine)
{
	struct tiny tiny = {.path = "/lib/ld.so"};

	memcpy(tiny.header.e_ident, ELFMAG, SELFMAG);
	tiny.header.e_ident[EI_CLASS] = machine->elf_class;
	tiny.header.e_ident[EI_DATA] = machine->order;
	tiny.header.e_type = ET_DYN;
	tiny.header.e_machine = machine->type;
	tiny.header.e_entry = 0x1000;
	tiny.header.e_phoff = offsetof(struct tiny, load);
	tiny.header.e_phentsize = sizeof(tiny.load);
	tiny.header.e_phnum = 2;
	tiny.load.p_type = PT_LOAD;
	tiny.load.p_filesz = sizeof(tiny);
	tiny.interpreter.p_type = PT_INTERP;
	tiny.interpreter.p_offset = offsetof(struct tiny, path);
	tiny.interpreter.p_filesz = sizeof("/lib/ld.so");
	return tiny;
}

static struct program recognise(const void *bytes, size_t length)
{
	struct machine own = own_machine();
	/* On the heap at its exact size, so that a byte too far is seen by a sanitizer. */
	auto_free void *copy = malloc(length > 0 ? length : 1);
	struct program program;

	cr_assert_not_null(copy);
	memcpy(copy, bytes, length);
	program_recognise(copy, length, &own, &program);
	return program;
}

static void expect_none(const struct tiny *tiny, const char *what)
{
	struct program program = recognise(tiny, sizeof(*tiny));

	cr_assert_eq(program.kind, PROGRAM_NONE, "%s", program.what);
	cr_assert_not_null(strstr(program.what, what), "%s", program.what);
}

static void expect_text(const char *text, enum program_kind kind, const char *what)
{
	struct program program = recognise(text, strlen(text));

	cr_assert_eq(program.kind, kind, "%s: %s", text, program.what);
	cr_assert_not_null(strstr(program.what, what), "%s: %s", text, program.what);
}

Test(staged_binaries, an_executable_with_an_interpreter_is_dynamic)
{
	struct machine own = own_machine();
	struct tiny tiny = tiny_make(&own);
	struct program program = recognise(&tiny, sizeof(tiny));

	cr_assert_eq(program.kind, PROGRAM_DYNAMIC, "%s", program.what);
	cr_assert_str_eq(program.interpreter, "/lib/ld.so");
}

Test(staged_binaries, an_executable_without_an_interpreter_is_static)
{
	struct machine own = own_machine();
	struct tiny tiny = tiny_make(&own);

	tiny.header.e_phnum = 1;
	cr_assert_eq(recognise(&tiny, sizeof(tiny)).kind, PROGRAM_STATIC);
	tiny.header.e_type = ET_EXEC;
	cr_assert_eq(recognise(&tiny, sizeof(tiny)).kind, PROGRAM_STATIC);
}

Test(staged_binaries, another_machine_class_or_byte_order_is_foreign)
{
	const struct machine own = own_machine();
	struct tiny tiny = tiny_make(&own);

	tiny.header.e_machine = own.type == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
	struct program program = recognise(&tiny, sizeof(tiny));

	cr_assert_eq(program.kind, PROGRAM_FOREIGN);
	cr_assert_not_null(strstr(program.what, own.type == EM_AARCH64 ? "x86-64" : "AArch64"));
	tiny = tiny_make(&own);
	tiny.header.e_ident[EI_CLASS] = own.elf_class == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
	cr_assert_eq(recognise(&tiny, sizeof(tiny)).kind, PROGRAM_FOREIGN);
	tiny = tiny_make(&own);
	tiny.header.e_ident[EI_DATA] = own.order == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
	cr_assert_eq(recognise(&tiny, sizeof(tiny)).kind, PROGRAM_FOREIGN);
}

Test(staged_binaries, libraries_and_objects_are_no_programs)
{
	struct machine own = own_machine();
	struct tiny tiny = tiny_make(&own);

	tiny.header.e_type = ET_REL;
	expect_none(&tiny, "no executable");
	tiny.header.e_type = ET_CORE;
	expect_none(&tiny, "no executable");
	tiny.header.e_type = ET_EXEC;
	tiny.header.e_entry = 0;
	expect_none(&tiny, "no executable");
	tiny.header.e_type = ET_DYN;
	cr_assert_eq(recognise(&tiny, sizeof(tiny)).kind, PROGRAM_LIBRARY);
}

Test(staged_binaries, offsets_beyond_the_end_are_damage)
{
	struct machine own = own_machine();
	struct tiny tiny = tiny_make(&own);

	tiny.header.e_phoff = UINT64_MAX - 8;
	expect_none(&tiny, "damaged");
	tiny = tiny_make(&own);
	tiny.header.e_phnum = UINT16_MAX;
	expect_none(&tiny, "damaged");
	tiny = tiny_make(&own);
	tiny.header.e_phnum = 0;
	expect_none(&tiny, "damaged");
	tiny = tiny_make(&own);
	tiny.header.e_phentsize = 1;
	expect_none(&tiny, "damaged");
	tiny = tiny_make(&own);
	tiny.load.p_filesz = UINT64_MAX;
	expect_none(&tiny, "cut off");
	tiny = tiny_make(&own);
	tiny.load.p_offset = UINT64_MAX;
	expect_none(&tiny, "cut off");
	tiny = tiny_make(&own);
	tiny.interpreter.p_offset = sizeof(tiny);
	expect_none(&tiny, "cut off");
}

Test(staged_binaries, an_interpreter_that_is_no_path_is_damage)
{
	struct machine own = own_machine();
	struct tiny tiny = tiny_make(&own);

	tiny.interpreter.p_filesz = sizeof("/lib/ld.so") - 1;
	expect_none(&tiny, "no path");
	tiny = tiny_make(&own);
	tiny.interpreter.p_filesz = 0;
	expect_none(&tiny, "no path");
	tiny = tiny_make(&own);
	tiny.path[0] = 'x';
	expect_none(&tiny, "no path");
}

Test(staged_binaries, no_beginning_of_an_executable_is_one)
{
	struct machine own = own_machine();
	struct tiny tiny = tiny_make(&own);

	for (size_t length = 0; length < sizeof(tiny); length++) {
		cr_assert_eq(recognise(&tiny, length).kind, PROGRAM_NONE, "%zu bytes", length);
	}
}

Test(staged_binaries, a_script_is_known_by_its_first_line)
{
	expect_text("#!/bin/sh\necho\n", PROGRAM_SCRIPT, "script");
	expect_text("#! \t/usr/bin/env python3\n", PROGRAM_SCRIPT, "script");
	expect_text("#!/bin/sh", PROGRAM_SCRIPT, "script");
	cr_assert_str_eq(recognise("#! /usr/bin/env sh\n", 19).interpreter, "/usr/bin/env");
	expect_text("#!sh\n", PROGRAM_NONE, "absolute");
	expect_text("#!\n/bin/sh", PROGRAM_NONE, "absolute");
	expect_text("#!", PROGRAM_NONE, "text");
}

Test(staged_binaries, an_interpreter_that_is_too_long_for_the_kernel_is_refused)
{
	char text[PROGRAM_INTERPRETER_MAX + 16] = "#!/";

	memset(text + 3, 'x', sizeof(text) - 4);
	expect_text(text, PROGRAM_NONE, "absolute");
}

Test(staged_binaries, anything_else_is_named)
{
	expect_text("", PROGRAM_NONE, "empty");
	expect_text("hello\n", PROGRAM_NONE, "text without");
	cr_assert_not_null(strstr(recognise("\x1f\x8b\0\0", 4).what, "neither"));
}

/* A release of one file, staged as "tool" whatever its name, and the plugin on it. */
static const struct plugin_report *check_named(struct bench *bench, const char *name)
{
	auto_free char *path = scratch_path(&bench->scratch, "tool");
	char key[64];

	(void)snprintf(key, sizeof(key), "artifact.%s.staged", name);
	bench_subject(bench, "version.to", "1.2.3");
	bench_subject(bench, "artifacts", name);
	bench_subject(bench, key, path);
	(void)bench_install_file(bench, PLUGIN, "staged-binaries");
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

static const struct plugin_report *check_tool(struct bench *bench)
{
	return check_named(bench, "tool");
}

static const struct plugin_report *check_script(struct bench *bench, const char *text)
{
	auto_free char *path = scratch_path(&bench->scratch, "tool");

	scratch_write_bytes(path, text, strlen(text), 0755);
	return check_tool(bench);
}

static const struct plugin_report *check_copy_named(struct bench *bench, const char *name,
						    const char *program)
{
	auto_free char *path = scratch_path(&bench->scratch, "tool");
	auto_buffer struct buffer bytes = BUFFER_INIT(64 * MIB);
	struct error err;

	cr_assert_eq(file_read_path(program, &bytes, &err), 0, "%s", err.text);
	scratch_write_bytes(path, bytes.data, bytes.length, 0755);
	return check_named(bench, name);
}

static const struct plugin_report *check_copy(struct bench *bench, const char *program)
{
	return check_copy_named(bench, "tool", program);
}

Test(staged_binaries, a_program_of_the_expected_version_passes)
{
	auto_bench struct bench bench = bench_make();
	const struct plugin_report *report = check_script(&bench, "#!/bin/sh\necho tool v1.2.3\n");

	bench_expect(report, VERDICT_COMPATIBLE, "binary.ok", "1 new file,");
	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	cr_assert_str_eq(pairs_get(&report->facts, "artifacts"), "1");
}

Test(staged_binaries, a_program_of_another_version_is_refused_with_what_it_says)
{
	auto_bench struct bench bench = bench_make();

	bench_expect(check_script(&bench, "#!/bin/sh\necho tool 1.2.30\n"), VERDICT_INCOMPATIBLE,
		     "binary.version", "tool 1.2.30");
}

Test(staged_binaries, a_program_that_fails_is_refused_unless_it_is_not_asked)
{
	auto_bench struct bench bench = bench_make();
	const char *script = "#!/bin/sh\necho no such option >&2; exit 3\n";

	bench_expect(check_script(&bench, script), VERDICT_INCOMPATIBLE, "binary.failed",
		     "exited with 3 and said: no such option");
	bench_configure(&bench, "staged-binaries", "no_version", "tool");
	bench_expect(check_script(&bench, script), VERDICT_COMPATIBLE, "binary.ok", "");
	bench_configure(&bench, "staged-binaries", "no_version", "");
	bench_configure(&bench, "staged-binaries", "version_check", "no");
	bench_expect(check_script(&bench, script), VERDICT_COMPATIBLE, "binary.ok", "");
}

Test(staged_binaries, options_that_mean_nothing_are_errors)
{
	auto_bench struct bench bench = bench_make();
	const char *script = "#!/bin/sh\necho 1.2.3\n";

	bench_configure(&bench, "staged-binaries", "no_version", "too1");
	bench_expect_error(check_script(&bench, script), "binary.option", "too1");
	bench_configure(&bench, "staged-binaries", "no_version", "");
	bench_configure(&bench, "staged-binaries", "version_check", "maybe");
	bench_expect_error(check_script(&bench, script), "binary.option", "version_check");
}

Test(staged_binaries, a_program_that_does_not_end_is_an_error)
{
	auto_bench struct bench bench = bench_make();

	bench_configure(&bench, "staged-binaries", NULL, NULL);
	bench.policy.timeout_ms = 3000;
	bench_expect_error(check_script(&bench, "#!/bin/sh\nwhile :; do :; done\n"),
			   "binary.timeout", "did not end");
}

Test(staged_binaries, a_missing_interpreter_is_named)
{
	auto_bench struct bench bench = bench_make();

	bench_expect(check_script(&bench, "#!/nonexistent/python\n"), VERDICT_INCOMPATIBLE,
		     "binary.missing-interpreter", "/nonexistent/python");
}

Test(staged_binaries, an_interpreter_that_is_no_program_is_refused)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *interpreter = scratch_path(&bench.scratch, "interpreter");
	auto_free char *script = NULL;

	scratch_write_bytes(interpreter, "text\n", 5, 0755);
	cr_assert(asprintf(&script, "#!%s\n", interpreter) > 0);
	bench_expect(check_script(&bench, script), VERDICT_INCOMPATIBLE, "binary.not-executable",
		     "Exec format error");
}

/* With no descriptor left but the one that the file is looked at by. */
static struct problem check_without_descriptors(const char *path)
{
	const struct machine own = own_machine();
	const struct artifact_check check = {.name = "tool",
					     .path = path,
					     .version = "1.2.3",
					     .own = &own,
					     .timeout_ms = BENCH_PATIENCE_MS};
	struct rlimit all;
	struct problem problem;
	int next = dup(STDIN_FILENO);

	cr_assert(next >= 0 && close(next) == 0);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	const struct rlimit one = {(rlim_t)next + 1, all.rlim_max};

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &one), 0);
	artifact_check(&check, &problem);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	return problem;
}

Test(staged_binaries, a_program_that_this_process_could_not_start_is_an_error)
{
	struct scratch scratch = scratch_make();
	auto_free char *path = scratch_path(&scratch, "tool");

	scratch_write_bytes(path, "#!/bin/sh\necho 1.2.3\n", 21, 0755);
	struct problem problem = check_without_descriptors(path);

	cr_assert_eq(problem.verdict, PF_ERROR, "%s", problem.sentence.text);
	cr_assert_str_eq(problem.code, "binary.not-started");
	cr_assert_not_null(strstr(problem.sentence.text, "Too many open files"), "%s",
			   problem.sentence.text);
	scratch_remove(&scratch);
}

Test(staged_binaries, a_dynamic_program_is_resolved_by_its_loader)
{
	auto_bench struct bench bench = bench_make();

	bench_configure(&bench, "staged-binaries", "version_check", "no");
	bench_expect(check_copy(&bench, "/bin/true"), VERDICT_COMPATIBLE, "binary.ok", "");
}

Test(staged_binaries, a_missing_library_is_named)
{
	auto_bench struct bench bench = bench_make();

	bench_expect(check_copy(&bench, BANGER_BUILD_DIR "/test-plugins/needs-library"),
		     VERDICT_INCOMPATIBLE, "binary.missing-library", "not-installed");
}

Test(staged_binaries, a_library_is_no_program)
{
	auto_bench struct bench bench = bench_make();

	bench_expect(check_copy(&bench, PLUGIN), VERDICT_INCOMPATIBLE, "binary.not-executable",
		     "no executable");
}

Test(staged_binaries, a_library_that_is_called_one_passes)
{
	auto_bench struct bench bench = bench_make();

	bench_expect(check_copy_named(&bench, "tool.so", PLUGIN), VERDICT_COMPATIBLE, "binary.ok",
		     "");
}

Test(staged_binaries, a_name_does_not_make_a_library)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *path = scratch_path(&bench.scratch, "tool");

	scratch_write_bytes(path, "not at all", 10, 0755);
	bench_expect(check_named(&bench, "tool.so"), VERDICT_INCOMPATIBLE, "binary.not-executable",
		     "tool.so");
}

Test(staged_binaries, a_file_that_may_not_be_executed_is_refused)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *path = scratch_path(&bench.scratch, "tool");

	scratch_write_bytes(path, "#!/bin/sh\n", 10, 0644);
	bench_expect(check_tool(&bench), VERDICT_INCOMPATIBLE, "binary.not-executable", "tool");
}

Test(staged_binaries, what_is_no_regular_file_is_an_error)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *path = scratch_path(&bench.scratch, "tool");

	bench_expect_error(check_tool(&bench), "binary.unreadable", "tool");
	cr_assert_eq(mkfifo(path, 0755), 0);
	bench_expect_error(check_tool(&bench), "binary.unreadable", "tool");
	cr_assert_eq(unlink(path), 0);
	scratch_directory(path);
	bench_expect_error(check_tool(&bench), "binary.unreadable", "tool");
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(symlink("/bin/true", path), 0);
	bench_expect_error(check_tool(&bench), "binary.unreadable", "tool");
}

Test(staged_binaries, nothing_staged_is_a_skip_but_half_of_it_an_error)
{
	auto_bench struct bench bench = bench_make();

	(void)bench_install_file(&bench, PLUGIN, "staged-binaries");
	bench_run(&bench);
	bench_expect(&bench.report.plugins[0], VERDICT_SKIP, "binary.none", "");
	const struct plugin_report *report = check_script(&bench, "#!/bin/sh\necho 1.2.3\n");

	cr_assert_eq(report->verdict, VERDICT_COMPATIBLE);
	bench_subject(&bench, "artifacts", "tool\nother");
	bench_run(&bench);
	bench_expect_error(&bench.report.plugins[0], "binary.missing", "other");
}

Test(staged_binaries, several_files_are_told_as_several)
{
	auto_bench struct bench bench = bench_make();
	auto_free char *path = scratch_path(&bench.scratch, "tool");

	(void)check_script(&bench, "#!/bin/sh\necho 1.2.3\n");
	bench_subject(&bench, "artifacts", "tool\nother");
	bench_subject(&bench, "artifact.other.staged", path);
	bench_run(&bench);
	bench_expect(&bench.report.plugins[0], VERDICT_COMPATIBLE, "binary.ok", "2 new files,");
}
