/*
 * command_look.h - how a service is that commands and a pid file manage.
 */
#ifndef SERVICE_COMMAND_LOOK_H
#define SERVICE_COMMAND_LOOK_H

#include "service/manager.h"

/* manager.h's look, by manager's find. */
struct service_state command_look(const struct service_manager *manager,
				  const struct service_context *context,
				  const struct service *service);

#endif
