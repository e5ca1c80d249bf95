/*
 * command.h - the commands of banger-update that have a file of their own. Each returns the exit
 * code.
 */
#ifndef UPDATE_COMMAND_H
#define UPDATE_COMMAND_H

#include "update/options.h"

int command_rollback(const struct options *options);
int command_recover(const struct options *options);
int command_status(const struct options *options);
int command_config(const struct options *options);
int command_plugin(const struct options *options);
int command_history(const struct options *options);

#endif
