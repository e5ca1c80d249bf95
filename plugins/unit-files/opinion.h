/*
 * opinion.h - from what systemd thinks of a unit file, as the updater words it, to a finding. Pure.
 */
#ifndef UNIT_FILES_OPINION_H
#define UNIT_FILES_OPINION_H

#include "support/judgement.h"

/* name: the artifact; word, reason: artifact.N.unit and artifact.N.unit_reason (NULL: none). *ret
 * has verdict 0 when the unit is accepted. */
void opinion_judge(const char *name, const char *word, const char *reason, struct judgement *ret);

#endif
