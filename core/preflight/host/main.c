/*
 * main.c - preflight-host: confines itself, loads one plugin, lets it check, reports, and ends; or
 * becomes the plugin, when that is a program.
 *
 * The updater starts it by descriptor, with the request on descriptor 3, the pipe for results on 4
 * and the filter for its system calls on 5. Foreign code runs in here: whatever this process says
 * is checked again by the updater, and whatever it does not say counts as an error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "preflight/host/confine.h"
#include "preflight/host/describe.h"
#include "preflight/host/execute.h"
#include "preflight/host/first.h"
#include "preflight/host/fit.h"
#include "preflight/host/load.h"
#include "preflight/host/report.h"
#include "preflight/host/services.h"

/* Everything that is known of the run; lives until the process ends. */
struct run {
	struct buffer bytes; /* the request's */
	struct pairs options;
	struct pairs subject;
	struct request request;
	struct report report;
	struct services services;
};

/* Started by hand, there is nothing on these descriptors. */
static bool is_our_place(void)
{
	struct stat request;
	struct stat results;

	return fstat(HOST_REQUEST_FD, &request) == 0 && S_ISREG(request.st_mode) &&
	       fstat(HOST_RESULTS_FD, &results) == 0 && S_ISFIFO(results.st_mode);
}

static int read_request(struct run *run, struct error *err)
{
	auto_close int fd = HOST_REQUEST_FD;
	int rc = file_read(fd, "the request", &run->bytes, err);

	if (rc < 0) {
		return rc;
	}
	return request_decode(buffer_text(&run->bytes), run->bytes.length, &run->options,
			      &run->subject, &run->request, err);
}

/* Says why the plugin cannot be checked; this is a complete report, so it ends with success. */
static int refuse(struct run *run, const char *code, const char *text, const char *remedy)
{
	report_error(&run->report, code, text, remedy);
	return 0;
}

static int call_check(struct run *run, const struct pf_plugin *plugin, int32_t *ret_result)
{
	run->services.plugin = plugin;
	*ret_result = plugin->check(&run->services.table);
	if (!services_are_ours(&run->services)) {
		/* A child of the plugin that came back from fork(2) this way. */
		_exit(EXIT_FAILURE);
	}
	if (run->services.refused == 0) {
		return 0;
	}
	char text[256];

	(void)snprintf(
		text, sizeof(text),
		"made a finding that could not be accepted (%s); it may have been the one that "
		"matters",
		strerror(-run->services.refused));
	return refuse(run, "plugin.refused", text, "report it to the plugin's author");
}

/* A plugin that works on databases is started as whoever may read them, once it has said so. */
static bool wants_database(const struct run *run, const struct pf_plugin *plugin)
{
	return (plugin->needs & ~run->request.grants & PF_NEED_DATABASE) != 0;
}

static int check_plugin(struct run *run, const struct pf_plugin *plugin, int32_t *ret_result)
{
	static const struct frame again = {.type = FRAME_DATABASE};
	bool fits = false;

	if (wants_database(run, plugin)) {
		return report_send(&run->report, &again);
	}
	if (is_described(&run->request)) {
		return describe_plugin(plugin, &run->request, &run->report);
	}
	int rc = fit_tell(plugin, &run->request, &run->report, &fits);

	return rc < 0 || !fits ? rc : call_check(run, plugin, ret_result);
}

static int load_and_check(struct run *run, int32_t *ret_result)
{
	const struct pf_plugin *plugin = NULL;
	struct error err;

	services_init(&run->services, &run->report, &run->request);
	int rc = load_plugin(run->request.path, run->request.name, &plugin, &err);

	if (rc < 0) {
		text_sanitize(err.text);
		return refuse(
			run, rc == -ELIBBAD ? "plugin.load" : "plugin.abi", err.text,
			"install a build of the plugin that fits this updater and that its user "
			"may read, or remove it");
	}
	return check_plugin(run, plugin, ret_result);
}

/* Does not return when it works: the program takes this process over, and the updater reads what it
 * prints. */
static int become_program(struct run *run)
{
	struct error err;

	execute(&run->request, &err);
	text_sanitize(err.text);
	return refuse(run, "plugin.load", err.text,
		      "make it a program that runs here and that its user may read and execute, or "
		      "remove it");
}

/* Foreign code runs behind this line, and not before. 0: it is over, and said what it had to. */
static int run_plugin(void *data)
{
	struct run *run = data;
	int32_t result = 0;
	int rc = 0;

	if (!run->request.is_program) {
		rc = load_and_check(run, &result);
	} else {
		rc = is_described(&run->request) ? describe_program(&run->report)
						 : become_program(run);
	}
	if (rc == 0) {
		rc = report_done(&run->report, result);
	}
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A report that ends here is complete. */
static int end_refused(struct run *run, const char *code, const char *text, const char *remedy)
{
	int rc = refuse(run, code, text, remedy);

	return rc == 0 && report_done(&run->report, 0) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int confine_and_run(struct run *run)
{
	struct confined confined;
	struct error err;
	int exit_code = EXIT_FAILURE;

	if (confine(&run->request, run->report.fd, &confined, &err) < 0) {
		return end_refused(run, "plugin.load", err.text, "report it: the helper failed");
	}
	/* For what makes temporary files: nothing else can be written to. */
	if (run->request.scratch != NULL && setenv("TMPDIR", run->request.scratch, 1) < 0) {
		return EXIT_FAILURE;
	}
	const struct frame frame = {.type = FRAME_CONFINED,
				    .is_whole = confined.is_whole,
				    .text = confined.text};

	if (report_send(&run->report, &frame) < 0) {
		return EXIT_FAILURE;
	}
	if (run->request.must_be_confined && !confined.is_whole) {
		return end_refused(run, "plugin.sandbox", confined.text,
				   "let the host have what is missing, or set sandbox = best in "
				   "[preflight]");
	}
	if (first_run(run_plugin, run, &exit_code, &err) < 0) {
		return end_refused(run, "plugin.load", err.text,
				   "let its user have more processes");
	}
	return exit_code;
}

int main(void)
{
	static struct run run = {.bytes = BUFFER_INIT(LIMIT_PLUGIN_REQUEST)};
	struct error err;

	if (!is_our_place()) {
		(void)fputs("preflight-host: is started by banger-update; run that instead\n",
			    stderr);
		return 64;
	}
	(void)prctl(PR_SET_NAME, "preflight-host");
	if (report_open(HOST_RESULTS_FD, &run.report) < 0) {
		return EXIT_FAILURE;
	}
	/* No exit(3): a plugin's own handlers and destructors have no say after the last frame. */
	_exit(read_request(&run, &err) < 0
		      ? end_refused(&run, "plugin.protocol", err.text, "reinstall the updater")
		      : confine_and_run(&run));
}
