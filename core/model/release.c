/*
 * release.c - release.h: what a release and its staged artifacts own, given back.
 */
#include "model/release.h"

#include <stdlib.h>
#include <string.h>

void release_finish(struct release *release)
{
	free(release->tarball);
	free(release->sums);
	free(release->signature);
	free(release->details);
	free(release->tarball_name);
	free(release->key);
	free(release->comment);
	for (size_t i = 0; i < release->migration_count; i++) {
		free(release->migrations[i].database);
		ids_finish(&release->migrations[i].known);
	}
	free(release->migrations);
	*release = (struct release){0};
}

void staged_list_finish(struct staged_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].path);
	}
	free(list->items);
	*list = (struct staged_list){0};
}

const struct staged *staged_find(const struct staged_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}
