/*
 * plugin_services.h - what plugins are told of the services: how each is now.
 *
 * Looked at here and not by the plugin, which may not be allowed to: a status command is written
 * for root, and another user's /proc/PID says little.
 */
#ifndef UPDATE_PLUGIN_SERVICES_H
#define UPDATE_PLUGIN_SERVICES_H

#include "update/update.h"

/* Adds services and service.N.* of banger/preflight.h to the subject. 0 or -ENOMEM. A service that
 * cannot be looked at has the state "unknown" and a reason. */
MUST_CHECK int plugin_describe_services(struct update *update);

#endif
