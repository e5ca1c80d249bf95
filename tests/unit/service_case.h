/*
 * service_case.h - a service with manager = command: the stub daemon, with real processes.
 */
#ifndef UNIT_SERVICE_CASE_H
#define UNIT_SERVICE_CASE_H

#include "service/manager.h"
#include "support/scratch.h"

#define STUB "\"" BANGER_BUILD_DIR "/tests/support/stub_daemon\""

extern struct scratch scratch;
extern struct error err;
extern struct service service;
extern const struct command_values values;
extern const struct service_context context;

/* The stub's commands, and time enough. */
void set_up(void);
void tear_down(void);

__attribute__((format(printf, 2, 3))) void set_command(struct command *command, const char *format,
						       ...);

struct service_process find(void);
/* What the manager says; *err is filled then. */
int start(void);
int stop(bool *killed);

#endif
