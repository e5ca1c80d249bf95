/*
 * opinion.c - opinion.h: a word that is not known is no pass.
 */
#include "opinion.h"

#include <string.h>

void opinion_judge(const char *name, const char *word, const char *reason, struct judgement *ret)
{
	const char *why = reason != NULL ? reason : "it gave no reason";

	*ret = (struct judgement){0};
	if (strcmp(word, "refused") == 0) {
		judgement_set(ret, PF_INCOMPATIBLE, "unit.refused",
			      "do not install this release; report it to whoever publishes it",
			      "systemd does not take the new %.200s as it is: %.700s", name, why);
	} else if (strcmp(word, "accepted") != 0) {
		judgement_set(ret, PF_ERROR, "unit.unknown",
			      "run systemd-analyze verify by hand; where there is none, write "
			      "enabled = no in section [plugin unit-files]",
			      "it could not be found out whether systemd takes the new %.200s: "
			      "%.700s",
			      name, why);
	}
}
