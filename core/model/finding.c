/*
 * finding.c - finding.h: a growing list of owned findings.
 */
#include "model/finding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void finish_one(struct finding *finding)
{
	free(finding->code);
	free(finding->text);
	free(finding->remedy);
}

void findings_finish(struct findings *list)
{
	for (size_t i = 0; i < list->count; i++) {
		finish_one(&list->items[i]);
	}
	free(list->items);
	*list = (struct findings){0};
}

int findings_add(struct findings *list, enum verdict verdict, const char *code, const char *text,
		 const char *remedy)
{
	struct finding finding = {
		.verdict = verdict,
		.code = strdup(code),
		.text = strdup(text),
		.remedy = remedy != NULL ? strdup(remedy) : NULL,
	};
	struct finding *items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items != NULL) {
		list->items = items;
	}
	if (items == NULL || finding.code == NULL || finding.text == NULL ||
	    (remedy != NULL && finding.remedy == NULL)) {
		finish_one(&finding);
		return -ENOMEM;
	}
	items[list->count++] = finding;
	return 0;
}

enum verdict findings_verdict(const struct findings *list)
{
	enum verdict worst = list->count > 0 ? VERDICT_SKIP : VERDICT_ERROR;

	for (size_t i = 0; i < list->count; i++) {
		worst = verdict_worse(worst, list->items[i].verdict);
	}
	return worst;
}
