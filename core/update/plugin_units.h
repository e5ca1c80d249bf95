/*
 * plugin_units.h - what plugins are told of unit files that are to be installed: whether systemd
 * would take them. Asked here, since systemd-analyze(1) writes to /tmp, which no plugin may.
 */
#ifndef UPDATE_PLUGIN_UNITS_H
#define UPDATE_PLUGIN_UNITS_H

#include "update/update.h"

/* Adds artifact.N.unit and artifact.N.unit_reason of banger/preflight.h to the subject. 0 or
 * -ENOMEM. */
MUST_CHECK int plugin_describe_units(struct update *update);

#endif
