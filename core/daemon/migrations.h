/*
 * migrations.h - the history of banger's database.
 */
#ifndef DAEMON_MIGRATIONS_H
#define DAEMON_MIGRATIONS_H

#include "store/store.h"

extern const struct migrations banger_migrations;

#endif
