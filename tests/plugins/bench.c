/*
 * bench.c - bench.h: each step a call.
 */
#include "plugins/bench.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

#define HELPER BANGER_BUILD_DIR "/core/preflight/host/preflight-host"

struct bench bench_make(void)
{
	struct bench bench = {.scratch = scratch_make()};

	cr_assert_eq(chmod(bench.scratch.path, 0755), 0);
	bench.options.helper_fd = open(HELPER, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(bench.options.helper_fd, 0, "the helper is built");
	bench.options.timeout_ms = BENCH_PATIENCE_MS;
	bench.options.user = (struct preflight_user){geteuid() == 0, BENCH_NOBODY, BENCH_NOBODY};
	bench.plugins = scratch_make_in(bench.scratch.path);
	cr_assert_eq(chmod(bench.plugins.path, 0755), 0);
	(void)snprintf(bench.scratch_dir, sizeof(bench.scratch_dir), "%s/places",
		       bench.scratch.path);
	return bench;
}

void bench_finish(struct bench *bench)
{
	(void)close(bench->options.helper_fd);
	pairs_finish(&bench->given);
	pairs_finish(&bench->subject);
	preflight_report_finish(&bench->report);
	scratch_remove(&bench->scratch);
}

const char *bench_install_file(struct bench *bench, const char *file, const char *name)
{
	static char path[PATH_MAX];
	auto_buffer struct buffer bytes = BUFFER_INIT(16 * MIB);
	struct error err;

	(void)snprintf(path, sizeof(path), "%s/%s.so", bench->plugins.path, name);
	cr_assert_eq(file_read_path(file, &bytes, &err), 0, "%s", err.text);
	scratch_write_bytes(path, bytes.data, bytes.length, 0755);
	return path;
}

const char *bench_install_as(struct bench *bench, const char *plugin, const char *name)
{
	char file[PATH_MAX];

	(void)snprintf(file, sizeof(file), BENCH_PLUGINS "/%s.so", plugin);
	return bench_install_file(bench, file, name);
}

const char *bench_install(struct bench *bench, const char *plugin)
{
	return bench_install_as(bench, plugin, plugin);
}

void bench_script(struct bench *bench, const char *file, const char *lines)
{
	auto_free char *path = scratch_path(&bench->plugins, "%s", file);
	auto_buffer struct buffer text = BUFFER_INIT(64 * KIB);

	cr_assert_eq(buffer_add_format(&text, "#!/bin/sh\n%s", lines), 0);
	scratch_write_bytes(path, text.data, text.length, 0755);
}

void bench_configure(struct bench *bench, const char *name, const char *key, const char *value)
{
	if (key != NULL) {
		cr_assert_eq(pairs_set(&bench->given, key, value), 0);
	}
	bench->policy.name = name;
	bench->policy.enabled = true;
	bench->policy.options = &bench->given;
	bench->options.policies = &bench->policy;
	bench->options.policy_count = 1;
}

void bench_subject(struct bench *bench, const char *key, const char *value)
{
	cr_assert_eq(pairs_set(&bench->subject, key, value), 0);
}

void bench_run(struct bench *bench)
{
	struct error err = {0};

	bench->options.plugin_dir = bench->plugins.path;
	bench->options.subject = &bench->subject;
	bench->options.scratch_dir = bench->scratch_dir;
	/* The bench may have moved since the policy was pointed at it. */
	if (bench->options.policy_count > 0) {
		bench->policy.options = &bench->given;
		bench->options.policies = &bench->policy;
	}
	preflight_report_finish(&bench->report);
	cr_assert_eq(preflight_run(&bench->options, &bench->report, &err), 0, "%s", err.text);
}

const struct plugin_report *bench_run_one(struct bench *bench, const char *plugin)
{
	(void)bench_install(bench, plugin);
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	cr_assert_str_eq(bench->report.plugins[0].name, plugin);
	return &bench->report.plugins[0];
}

const struct finding *bench_find(const struct plugin_report *report, const char *code)
{
	for (size_t i = 0; i < report->findings.count; i++) {
		if (strcmp(report->findings.items[i].code, code) == 0) {
			return &report->findings.items[i];
		}
	}
	return NULL;
}

void bench_expect(const struct plugin_report *report, enum verdict verdict, const char *code,
		  const char *what)
{
	const struct finding *finding = bench_find(report, code);

	cr_assert_not_null(finding, "%s has no finding %s but %s: %s", report->name, code,
			   report->findings.items[0].code, report->findings.items[0].text);
	cr_assert_eq(finding->verdict, verdict, "%s: %s is %d", report->name, code,
		     (int)finding->verdict);
	cr_assert_not_null(strstr(finding->text, what), "%s: \"%s\" does not say \"%s\"",
			   report->name, finding->text, what);
}

void bench_expect_error(const struct plugin_report *report, const char *code, const char *what)
{
	bench_expect(report, VERDICT_ERROR, code, what);
	cr_assert_eq(report->verdict, VERDICT_ERROR, "%s: verdict %d", report->name,
		     (int)report->verdict);
	cr_assert_not_null(bench_find(report, code)->remedy, "%s: no remedy", report->name);
}

unsigned bench_processes_called(const char *name)
{
	unsigned count = 0;
	DIR *proc = opendir("/proc");

	cr_assert_not_null(proc);
	for (const struct dirent *one = readdir(proc); one != NULL; one = readdir(proc)) {
		char path[300];
		struct error err;
		auto_buffer struct buffer comm = BUFFER_INIT(64);

		(void)snprintf(path, sizeof(path), "/proc/%s/comm", one->d_name);
		if (one->d_name[0] >= '1' && one->d_name[0] <= '9' &&
		    file_read_path(path, &comm, &err) == 0 &&
		    strncmp(buffer_text(&comm), name, strlen(name)) == 0) {
			count++;
		}
	}
	(void)closedir(proc);
	return count;
}
