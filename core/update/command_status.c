/*
 * command_status.c - `status` and `history`: what the journal says, to whoever asks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "update/command.h"
#include "update/history.h"
#include "update/json.h"
#include "update/say.h"
#include "update/state.h"

#define auto_update __attribute__((cleanup(update_finish)))

/* Whoever may not read the journal gets what was published when a run last ended. */
static int describe(struct update *update, json_t **ret, struct error *err)
{
	int rc = journal_open_to_read(update->state_dir, &update->journal, err);

	if (rc == -EACCES || rc == -EPERM) {
		rc = state_read(update->config->status_file, ret, err);
		return rc < 0 ? error_prefix(err,
					     "only root may read the journal, and there is nothing "
					     "published")
			      : 0;
	}
	if (rc < 0 && rc != -ENOENT) {
		return rc;
	}
	return state_describe(update, ret, err);
}

int command_status(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};
	json_t *state = NULL;

	if (update_init(&update, options, &err) < 0) {
		return say_end(&update, result_exit_code(update.result));
	}
	if (describe(&update, &state, &err) < 0) {
		(void)update_fail(&update, RESULT_ERROR, &err);
		return say_end(&update, result_exit_code(RESULT_ERROR));
	}
	if (update.journal != NULL) {
		state_publish(&update, update.config->status_file);
	}
	bool written =
		options->json ? json_write(stdout, json_incref(state)) : state_print(stdout, state);

	json_decref(state);
	return result_exit_code(written ? RESULT_UP_TO_DATE : RESULT_ERROR);
}

static int show_history(struct update *update, struct error *err)
{
	const struct options *options = update->options;
	int rc = journal_open_to_read(update->state_dir, &update->journal, err);

	if (rc < 0) {
		return rc;
	}
	return options->arguments.count == 0
		       ? history_list(stdout, update->journal, options->json, err)
		       : history_run(stdout, update->journal, options->arguments.items[0],
				     options->json, err);
}

int command_history(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) < 0) {
		return say_end(&update, result_exit_code(update.result));
	}
	if (show_history(&update, &err) < 0) {
		(void)update_fail(&update, RESULT_ERROR, &err);
		return say_end(&update, result_exit_code(RESULT_ERROR));
	}
	return 0;
}
