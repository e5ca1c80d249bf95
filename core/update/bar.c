/*
 * bar.c - bar.h: a file and drop-ins that look for it.
 */
#include "update/bar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "service/systemd.h"
#include "update/messages.h"

#define RUN_DIRECTORY "/run/banger-update"
#define UNITS         "/run/systemd/system" /* there while systemd runs: sd_booted(3) */

/* What is written where, and why. */
struct bar {
	const char *root; /* "": ours */
	const char *product;
	char *flag; /* as those see it who live below root */
	char reason[ERROR_TEXT_MAX];
};
#define auto_bar __attribute__((cleanup(bar_finish)))

static void bar_finish(struct bar *bar)
{
	free(bar->flag);
}

static int bar_init(struct bar *bar, const struct update *update, const char *product,
		    const char *reason, struct error *err)
{
	*bar = (struct bar){.root = update->options->root, .product = product};
	if (asprintf(&bar->flag, RUN_DIRECTORY "/%s.barred", product) < 0) {
		bar->flag = NULL;
		return error_no_memory(err);
	}
	/* One line of a comment. */
	(void)snprintf(bar->reason, sizeof(bar->reason), "%s", reason);
	for (char *at = bar->reason; *at != '\0'; at++) {
		*at = (char)((unsigned char)*at < ' ' ? ' ' : *at);
	}
	return 0;
}

static int write_flag(const struct bar *bar, struct error *err)
{
	auto_free char *directory = path_join(bar->root, RUN_DIRECTORY);
	auto_free char *path = path_join(bar->root, bar->flag);

	if (directory == NULL || path == NULL) {
		return error_no_memory(err);
	}
	int rc = file_make_directories(directory, 0755, err);

	return rc < 0 ? rc : file_replace(path, bar->reason, strlen(bar->reason), 0644, err);
}

static int write_drop_in(const struct bar *bar, const char *unit, struct error *err)
{
	auto_free char *name = NULL;
	auto_free char *text = NULL;

	if (asprintf(&name, UNITS "/%s.d/banger-update-%s.conf", unit, bar->product) < 0 ||
	    asprintf(&text,
		     "# An update of %s was cut off and could not be taken back:\n# %s\n"
		     "# The unit does not start while the file below is there; once the cause is\n"
		     "# gone, \"banger-update recover\" puts all back and removes it.\n"
		     "[Unit]\nAssertPathExists=!%s\n",
		     bar->product, bar->reason, bar->flag) < 0) {
		return error_no_memory(err);
	}
	auto_free char *path = path_join(bar->root, name);
	auto_free char *directory = path != NULL ? path_directory(path) : NULL;

	if (directory == NULL) {
		return error_no_memory(err);
	}
	int rc = file_make_directories(directory, 0755, err);

	return rc < 0 ? rc : file_replace(path, text, strlen(text), 0644, err);
}

/* Units were read before anything else of the boot. */
static int reload(struct error *err)
{
	struct systemd *systemd = systemd_new();

	if (systemd == NULL) {
		return error_no_memory(err);
	}
	int rc = systemd_reload(systemd, err);

	systemd_free(&systemd);
	return rc;
}

static int bar_all(const struct bar *bar, const struct host *host, struct error *err)
{
	int rc = write_flag(bar, err);

	for (size_t i = 0; i < host->service_count && rc == 0; i++) {
		rc = write_drop_in(bar, host->services[i].name, err);
	}
	return rc < 0 || bar->root[0] != '\0' ? rc : reload(err);
}

static void tell(struct update *update, const struct journal_entry *entry, const char *unit)
{
	struct error text;

	(void)error_set(&text, -EUCLEAN,
			"%s is kept from starting: banger-update recover puts %s back and lets it "
			"start again",
			unit, entry->product);
	const struct message message = {.kind = MESSAGE_BARRED,
					.text = text.text,
					.product = entry->product,
					.run = entry->id,
					.from = entry->from,
					.to = entry->to,
					.unit = unit};

	report_problem(&update->report, text.text);
	message_send(&message);
}

static bool applies(const struct update *update, const struct host *host)
{
	auto_free char *units = path_join(update->options->root, UNITS);

	return host->manager == MANAGER_SYSTEMD && units != NULL && access(units, F_OK) == 0;
}

static int bar_run(struct update *update, const struct journal_entry *entry,
		   const struct error *why, struct error *err)
{
	auto_plan struct plan plan = {0};
	auto_bar struct bar bar = {0};
	int rc = journal_read_plan(update->journal, entry->id, &plan, err);

	/* Without a plan nothing was touched. */
	if (rc < 0 || !applies(update, plan.host)) {
		return rc == -ENOENT ? 0 : rc;
	}
	rc = bar_init(&bar, update, entry->product, why->text, err);
	rc = rc < 0 ? rc : bar_all(&bar, plan.host, err);
	for (size_t i = 0; i < plan.host->service_count && rc == 0; i++) {
		tell(update, entry, plan.host->services[i].name);
	}
	return rc;
}

void bar_services(struct update *update, const struct journal_entry *entry, const struct error *why)
{
	struct error err = {0};
	int rc = bar_run(update, entry, why, &err);

	if (rc < 0) {
		struct error cause = err;

		(void)update_leave_to_person(update, rc, &err,
					     "stop the services of %s, which may start as they "
					     "are: %s",
					     entry->product, cause.text);
	}
}

void bar_lift(struct update *update, const char *product)
{
	auto_bar struct bar bar = {0};
	struct error err = {0};
	int rc = bar_init(&bar, update, product, "", &err);
	auto_free char *path = rc == 0 ? path_join(bar.root, bar.flag) : NULL;

	if (path != NULL && unlink(path) < 0 && errno != ENOENT) {
		(void)error_set(&err, -errno, "remove %s, which keeps services from starting: %s",
				path, strerror(errno));
		report_problem(&update->report, err.text);
	}
}

int bar_reason(const struct update *update, const char *product, char **ret, struct error *err)
{
	auto_bar struct bar bar = {0};
	auto_buffer struct buffer text = BUFFER_INIT(ERROR_TEXT_MAX);
	int rc = bar_init(&bar, update, product, "", err);
	auto_free char *path = rc == 0 ? path_join(bar.root, bar.flag) : NULL;

	if (path == NULL) {
		return rc < 0 ? rc : error_no_memory(err);
	}
	rc = file_read_path(path, &text, err);
	if (rc < 0) {
		return rc == -ENOENT || rc == -ENOTDIR ? 0 : rc;
	}
	*ret = strdup(buffer_text(&text));
	return *ret != NULL ? 0 : error_no_memory(err);
}
