/*
 * bench.h - the runner with the real helper, a plugin directory of the test's own, and what the
 * configuration says of one plugin. A failure in here ends the test.
 */
#ifndef PLUGINS_BENCH_H
#define PLUGINS_BENCH_H

#include "model/subject.h"
#include "preflight/runner.h"
#include "support/scratch.h"

#define BENCH_PLUGINS BANGER_BUILD_DIR "/test-plugins"

/* Far more than a healthy plugin needs, far less than a test run may take. */
#define BENCH_PATIENCE_MS 20000

struct bench {
	struct scratch scratch; /* for what a test needs besides */
	struct scratch plugins; /* in it: the plugin directory */
	char scratch_dir[80];   /* in it: where plugins may write */
	struct preflight_options options;
	struct preflight_policy policy;
	struct pairs given; /* the policy's options */
	struct pairs subject;
	struct preflight_report report;
};
#define auto_bench __attribute__((cleanup(bench_finish)))

/* As root, plugins run as nobody. */
#define BENCH_NOBODY 65534

struct bench bench_make(void);
void bench_finish(struct bench *bench);

/* Copies the plugin's file into the directory as NAME.so; its path, until the next call. */
const char *bench_install_file(struct bench *bench, const char *file, const char *name);

/* The same for one of tests/plugins. */
const char *bench_install_as(struct bench *bench, const char *plugin, const char *name);
const char *bench_install(struct bench *bench, const char *plugin);

/* A plugin that is a shell script of these lines, below "#!/bin/sh". */
void bench_script(struct bench *bench, const char *file, const char *lines);

/* A section for the plugin; key NULL: without an option. */
void bench_configure(struct bench *bench, const char *name, const char *key, const char *value);
void bench_subject(struct bench *bench, const char *key, const char *value);

/* Runs what is installed into bench->report. */
void bench_run(struct bench *bench);

/* Installs and runs the one plugin; its report, until the next run. */
const struct plugin_report *bench_run_one(struct bench *bench, const char *plugin);

/* NULL: no such finding. */
const struct finding *bench_find(const struct plugin_report *report, const char *code);

/* The report has a finding of this verdict and code, and its sentence contains what. */
void bench_expect(const struct plugin_report *report, enum verdict verdict, const char *code,
		  const char *what);

/* bench_expect() of VERDICT_ERROR, which is also the report's verdict and comes with a remedy. */
void bench_expect_error(const struct plugin_report *report, const char *code, const char *what);

/* How many processes have a name that begins so. */
unsigned bench_processes_called(const char *name);

#endif
