/*
 * acquire.c - discover, verify, download, unpack: from a claim to staged artifacts whose every
 * byte is covered by a signature. Changes nothing but the run's own staging directory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"
#include "install/staging.h"
#include "release/discover.h"
#include "release/unpack.h"
#include "release/verify.h"
#include "update/update.h"

/* Artifacts may be this many times larger than the tarball's own limit. */
#define UNPACKED_FACTOR 8

#define UNPACK_TIMEOUT_MS (10u * 60 * 1000)

/* Runs that find nothing to do leave no trace: a timer would fill the history with them. */
static int begin_run(struct update *update, struct error *err)
{
	struct journal_run run = {
		.id = update->run,
		.product = update->config->product,
		.command = update->options->command->name,
		.from = update->installed,
		.to = update->release.version.text,
	};
	/* Another mirror may have another release. */
	if (update->journaled) {
		return journal_retarget(update->journal, run.id, run.to, err);
	}
	int rc = journal_begin(update->journal, &run, err);

	update->journaled = rc == 0;
	return rc;
}

/* Who fetches has talked with strangers: it is told when the kernel could not confine it. */
static void tell_confinement(struct update *update)
{
	const char *text = update->fetcher != NULL ? fetcher_confinement(update->fetcher) : "";

	if (text_has_suffix(text, "landlock 0")) {
		report_warning(&update->report,
			       "this kernel has no Landlock: the fetch helper could read what any "
			       "user can");
	} else if (text[0] != '\0' && update->report.verbose) {
		report_warning(&update->report, "the fetch helper runs confined: %s", text);
	}
}

static int find_condemned(void *data, const struct journal_bad *bad, struct error *err)
{
	struct update *update = data;

	if (strcmp(bad->version, update->release.version.text) != 0) {
		return 0;
	}
	update->result = RESULT_REFUSED;
	return error_set(err, -EPERM,
			 "%s is not installed by itself since %s: %s. A newer release will be; "
			 "--to %s installs this one all the same",
			 bad->version, bad->at, bad->reason, bad->version);
}

/* A release that did not come up here once, or that somebody holds, has to be named. */
static int refuse_condemned(struct update *update, struct error *err)
{
	const struct options *options = update->options;

	if (update->journal == NULL || options->to != NULL || options->release != NULL) {
		return 0;
	}
	return journal_condemned(update->journal, find_condemned, update, err);
}

int update_discover(struct update *update, struct error *err)
{
	struct discover_options options = {
		.product = update->config->product,
		.fetcher = update->fetcher,
		.manifest = update->config->manifests.items[update->mirror],
		.local = update->options->release,
		.to = update->options->to,
	};
	int rc = release_discover(&options, &update->release, err);

	if (rc < 0) {
		return rc;
	}
	const char *found = update->release.version.text;
	const char *installed = update->installed != NULL ? update->installed : "nothing";

	report_detail(&update->report, "%s (installed: %s)", found, installed);
	tell_confinement(update);
	if (update_is_current(update)) {
		update->result = RESULT_UP_TO_DATE;
		return 0;
	}
	rc = refuse_condemned(update, err);
	if (rc < 0) {
		return rc;
	}
	return update->records ? begin_run(update, err) : 0;
}

int update_verify(struct update *update, struct error *err)
{
	struct verify_options options = {
		.product = update->config->product,
		.fetcher = update->fetcher,
		.keys = update->config->keys,
		.check_trust = geteuid() == 0,
	};
	int rc = release_verify(&options, &update->release, err);

	if (rc == 0) {
		const char *comment = update->release.comment;

		report_detail(&update->report, "%s, signed by %s%s%s%s",
			      update->release.tarball_name, update->release.key,
			      comment != NULL ? " (" : "", comment != NULL ? comment : "",
			      comment != NULL ? ")" : "");
	}
	return rc;
}

/* Before it is made, so that recovery finds what a kill leaves of it. */
static int record_staging(struct update *update, const char *path, struct error *err)
{
	auto_pairs struct pairs facts = {0};

	if (!update->journaled) {
		return 0;
	}
	if (pairs_set(&facts, "staging", path) < 0) {
		return error_no_memory(err);
	}
	return journal_facts(update->journal, update->run, &facts, err);
}

int update_make_staging(struct update *update, struct error *err)
{
	if (update->plan.staging != NULL) {
		return 0;
	}
	const char *elsewhere = update->config->staging_dir;
	auto_free char *path = NULL;
	int rc = staging_name(update->product, elsewhere, &update->plan.host->artifacts[0],
			      update->run, &path, err);

	rc = rc < 0 ? rc : record_staging(update, path, err);
	rc = rc < 0 ? rc : staging_make(path, elsewhere != NULL, err);
	if (rc == 0) {
		update->plan.staging = take_pointer(&path);
	}
	return rc;
}

int update_download(struct update *update, struct error *err)
{
	int rc = update_make_staging(update, err);

	if (rc < 0) {
		return rc;
	}
	struct download_options options = {
		.fetcher = update->fetcher,
		.maximum = update->config->max_tarball,
		.spill_dir = update->plan.staging,
	};

	rc = release_download(&options, &update->release, &update->verified, err);
	if (rc == 0) {
		report_detail(&update->report, "%.1f MiB, hash agrees",
			      (double)update->verified.size / MIB);
	}
	return rc;
}

int update_unpack(struct update *update, struct error *err)
{
	size_t count = update->plan.host->artifact_count;
	auto_free const char **names = calloc(count, sizeof(*names));

	if (names == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < count; i++) {
		names[i] = update->plan.host->artifacts[i].name;
	}
	struct unpack_options options = {
		.helper_fd = update->helpers.unpack,
		.directory = update->plan.staging,
		.names = names,
		.name_count = count,
		.maximum = update->config->max_tarball * UNPACKED_FACTOR,
		.timeout_ms = UNPACK_TIMEOUT_MS,
		.interrupts = update->interrupts,
	};
	int rc = release_unpack(&options, &update->verified, &update->staged, err);

	if (rc == 0) {
		report_detail(&update->report, "%zu artifact%s, helper held by %s", count,
			      count == 1 ? "" : "s", update->staged.held_by);
	}
	/* What was unpacked has served; its memory goes back before plugins run. */
	verified_finish(&update->verified);
	return rc;
}
