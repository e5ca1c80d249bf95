/*
 * run_plugins.c - what the updater does with its plugins, alone: every one in DIRECTORY is run by
 * the helper, confined as root's are (or as ours, if we are not root), and has to be compatible.
 *
 * usage: run_plugins HELPER DIRECTORY COUNT [MIB]     MIB: so much memory is in use meanwhile
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "preflight/runner.h"
#include "preflight/user.h"

#define TIMEOUT_MS 30000

/* What did not run, or not confined, must not look fast. */
static int check(const struct preflight_report *report, uint64_t count, struct error *err)
{
	if (report->count != count) {
		return error_set(err, -1, "%zu plugins were run, not %llu", report->count,
				 (unsigned long long)count);
	}
	for (size_t i = 0; i < report->count; i++) {
		const struct plugin_report *plugin = &report->plugins[i];

		if (plugin->verdict != VERDICT_COMPATIBLE || !plugin->is_confined) {
			return error_set(err, -1, "%s: %s (%s)", plugin->name,
					 plugin->findings.items[0].text,
					 plugin->sandbox != NULL ? plugin->sandbox : "not run");
		}
	}
	return 0;
}

static int run(char **argv, struct error *err)
{
	struct preflight_report report = {0};
	struct pairs subject = {0};
	uint64_t count = 0;
	auto_close int helper = open(argv[1], O_RDONLY | O_CLOEXEC);
	auto_free char *scratch = NULL;
	struct preflight_options options = {
		.helper_fd = helper,
		.plugin_dir = argv[2],
		.check_trust = geteuid() == 0,
		.timeout_ms = TIMEOUT_MS,
		.subject = &subject,
	};

	if (helper < 0 || text_parse_u64(argv[3], &count) < 0 ||
	    asprintf(&scratch, "%s.scratch", argv[2]) < 0) {
		scratch = NULL;
		return error_set(err, -1, "cannot use %s", argv[1]);
	}
	options.scratch_dir = scratch;
	int rc = geteuid() == 0 ? preflight_user_find(NULL, &options.user, err) : 0;

	if (rc == 0) {
		rc = preflight_run(&options, &report, err);
	}
	if (rc == 0) {
		rc = check(&report, count, err);
	}
	preflight_report_finish(&report);
	return rc;
}

/* Every page of it is written to, or it would be no memory. */
static char *take_memory(const char *mib)
{
	uint64_t size = 0;
	char *bytes = text_parse_u64(mib, &size) == 0 ? malloc(size * MIB) : NULL;

	if (bytes != NULL) {
		memset(bytes, 1, size * MIB);
	}
	return bytes;
}

int main(int argc, char **argv)
{
	struct error err = {.text = "usage: run_plugins HELPER DIRECTORY COUNT [MIB]"};
	auto_free char *memory = argc == 5 ? take_memory(argv[4]) : NULL;

	if (argc < 4 || (argc == 5 && memory == NULL) || run(argv, &err) < 0) {
		(void)fprintf(stderr, "run_plugins: %s\n", err.text);
		return EXIT_FAILURE;
	}
	/* Read after the run, so that it is there all the while. */
	return memory != NULL && memory[0] != 1;
}
