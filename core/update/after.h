/*
 * after.h - the command that is run after each finished run, for mail or metrics.
 */
#ifndef UPDATE_AFTER_H
#define UPDATE_AFTER_H

#include "update/update.h"

/*
 * Runs [update] after, if there is one, with BANGER_UPDATE_COMMAND, _PRODUCT, _RUN, _FROM, _TO,
 * _RESULT, _EXIT and _REASON in its environment. Bounded; what it does or how it ends changes
 * nothing of the run, which is over: a failure is told.
 */
void after_run(struct update *update, int exit_code);

#endif
