/*
 * command_start.h - starting a service that commands and a pid file manage.
 */
#ifndef SERVICE_COMMAND_START_H
#define SERVICE_COMMAND_START_H

#include "service/manager.h"

/* manager.h's start. Should we be killed meanwhile, it goes on to its end and keeps our lock open
 * until then, so that whoever recovers finds a daemon that is named by its pid file, or none. */
MUST_CHECK int command_start(const struct service_context *context, const struct service *service,
			     struct error *err);

#endif
