/*
 * command_recover.c - `recover`: makes the host whole after a run that was killed half-way.
 *
 * The INI file only says where the journal is. Without --config every product's journal is looked
 * at, so that a boot needs no configuration and a broken one keeps nobody from recovering.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "update/after.h"
#include "update/command.h"
#include "update/phases.h"
#include "update/say.h"
#include "update/state.h"

#define STATE_PARENT "/var/lib/banger-update"

#define LOCK_PATIENCE_MS 30000
#define LOCK_POLL_MS     20

#define auto_update __attribute__((cleanup(update_finish)))

/* 1, 0, or an error: who cannot look does not know. */
static int has_journal(const char *state_dir, struct error *err)
{
	auto_free char *path = path_join(state_dir, "journal.db");

	if (path == NULL) {
		return error_no_memory(err);
	}
	if (access(path, F_OK) == 0) {
		return 1;
	}
	return errno == ENOENT || errno == ENOTDIR
		       ? 0
		       : error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
}

static int recover_under_lock(struct update *update, struct error *err)
{
	int rc = update_lock(update, err);

	if (rc == -EBUSY) {
		return update_fail(update, RESULT_BUSY, err);
	}
	rc = rc < 0 ? rc : update_recover(update, err);
	if (rc < 0 && update->result != RESULT_ROLLBACK_INCOMPLETE) {
		return update_fail(update, RESULT_ERROR, err);
	}
	if (rc < 0) {
		update->failure = *err;
	}
	return rc;
}

/* 0 whole again, 5 a person is needed; while the host boots nothing may keep it from doing so. */
static int exit_code_of(const struct update *update)
{
	if (update->boot || update->result == RESULT_ROLLED_BACK) {
		return 0;
	}
	return result_exit_code(update->result);
}

static int recover_in(struct update *update)
{
	struct error err = {0};

	update->boot = update->options->boot;
	update->recovers = true;
	update->result = RESULT_UP_TO_DATE;
	int there = has_journal(update->state_dir, &err);
	int rc = there < 0    ? update_fail(update, RESULT_ERROR, &err)
		 : there == 0 ? 0
			      : recover_under_lock(update, &err);
	int code = exit_code_of(update);

	if (rc == 0 && there > 0 && update->config != NULL) {
		state_publish(update, update->config->status_file);
	}
	journal_close(&update->journal);
	lock_release(&update->lock);
	if (update->recovered[0] != '\0') {
		after_run(update, code);
	}
	return say_end(update, code);
}

/* One that was named in vain would be called whole. */
static int expect_there(struct update *update)
{
	struct stat st;
	struct error err;

	if (stat(update->state_dir, &st) == 0 || errno != ENOENT) {
		return 0; /* what else is wrong with it shows itself */
	}
	(void)error_set(&err, -ENOENT, "there is no %s: name the state directory of a product",
			update->state_dir);
	return update_fail(update, RESULT_ERROR, &err);
}

/* A journal that no INI file leads to. */
static int recover_directory(const struct options *options, const char *state_dir)
{
	auto_update struct update update;

	update_init_bare(&update, options);
	update.state_dir = strdup(state_dir);
	update.product = strdup(path_name(state_dir));
	if (update.state_dir == NULL || update.product == NULL) {
		return result_exit_code(RESULT_ERROR);
	}
	if (expect_there(&update) < 0) {
		return say_end(&update, options->boot ? 0 : result_exit_code(update.result));
	}
	return recover_in(&update);
}

/* Of the exit codes of several products, the one that somebody has to hear of first. */
static int more_urgent(int one, int other)
{
	static const enum result order[] = {RESULT_ROLLBACK_INCOMPLETE, RESULT_ERROR, RESULT_BUSY,
					    RESULT_USAGE};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int code = result_exit_code(order[i]);

		if (one == code || other == code) {
			return code;
		}
	}
	return 0;
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Every directory below the standard place but the one that was seen already. */
static int recover_others(const struct options *options, const char *seen)
{
	auto_free char *parent = path_join(options->root, STATE_PARENT);
	struct dirent **entries = NULL;
	int count = parent == NULL ? -1 : scandir(parent, &entries, is_name, alphasort);
	int worst = 0;

	for (int i = 0; i < count; i++) {
		auto_free char *directory = path_join(parent, entries[i]->d_name);
		struct error ignored;

		free(entries[i]);
		if (directory == NULL || has_journal(directory, &ignored) == 0 ||
		    (seen != NULL && strcmp(seen, directory) == 0)) {
			continue;
		}
		int code = recover_directory(options, directory);

		worst = more_urgent(code, worst);
	}
	free(entries);
	return worst;
}

/* Where there is no INI file, there may be no product, either. One that cannot be read, or that was
 * named and is not there, keeps nobody's journal from being looked at, but the product that it
 * configures was not. */
static int tell_unconfigured(struct update *update)
{
	if (update->failure.code == CONFIG_NONE) {
		return 0;
	}
	(void)error_prefix(&update->failure, "--state DIR recovers without an INI file");
	return say_end(update, update->options->boot ? 0 : result_exit_code(update->result));
}

static int recover_products(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};
	bool is_configured = update_init(&update, options, &err) == 0;

	if (!is_configured && options->config != NULL) {
		return tell_unconfigured(&update);
	}
	int code = is_configured ? recover_in(&update) : tell_unconfigured(&update);
	int others = options->config == NULL ? recover_others(options, update.state_dir) : 0;

	return more_urgent(code, others);
}

/* Whoever started us hears that we wait; a run that goes on tells us with a byte that we are not
 * needed, one that is killed with the end of the line. systemd bounds the wait. */
static bool is_needed(void)
{
	char byte = 'w';

	(void)!send(STDIN_FILENO, &byte, 1, MSG_NOSIGNAL);
	ssize_t got = read(STDIN_FILENO, &byte, 1);

	while (got < 0 && errno == EINTR) {
		got = read(STDIN_FILENO, &byte, 1);
	}
	return got <= 0;
}

/* Of a process that is killed, the line may be closed before the lock is. */
static void await_lock(const char *state_dir)
{
	uint64_t deadline = clock_deadline(LOCK_PATIENCE_MS);

	while (clock_left(deadline) > 0) {
		auto_lock struct lock lock = LOCK_INIT;
		struct error err;

		if (lock_take(state_dir, "recovery", &lock, &err) != -EBUSY) {
			return;
		}
		(void)poll(NULL, 0, LOCK_POLL_MS);
	}
}

int command_recover(const struct options *options)
{
	if (options->standby && !is_needed()) {
		return 0;
	}
	if (options->standby && options->state != NULL) {
		await_lock(options->state);
	}
	return options->state != NULL ? recover_directory(options, options->state)
				      : recover_products(options);
}
