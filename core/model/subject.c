/*
 * subject.c - subject.h: a small ordered list of pairs.
 */
#include "model/subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pairs_finish(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].key);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct pairs){0};
}

static struct pair *find(const struct pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].key, key) == 0) {
			return &pairs->items[i];
		}
	}
	return NULL;
}

static int add(struct pairs *pairs, const char *key, const char *value)
{
	struct pair *items = realloc(pairs->items, (pairs->count + 1) * sizeof(*items));

	if (items == NULL) {
		return -ENOMEM;
	}
	pairs->items = items;
	struct pair pair = {strdup(key), strdup(value)};

	if (pair.key == NULL || pair.value == NULL) {
		free(pair.key);
		free(pair.value);
		return -ENOMEM;
	}
	items[pairs->count++] = pair;
	return 0;
}

static int replace(struct pair *pair, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL) {
		return -ENOMEM;
	}
	free(pair->value);
	pair->value = copy;
	return 0;
}

int pairs_set(struct pairs *pairs, const char *key, const char *value)
{
	struct pair *pair = find(pairs, key);

	return pair != NULL ? replace(pair, value) : add(pairs, key, value);
}

const char *pairs_get(const struct pairs *pairs, const char *key)
{
	const struct pair *pair = find(pairs, key);

	return pair != NULL ? pair->value : NULL;
}
