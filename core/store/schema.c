/*
 * schema.c - schema.h: applied migrations against known ones.
 *
 * Both lists are sorted once and merged, so that a million of them take milliseconds.
 */
#include "store/schema.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/look.h"
#include "store/record.h"

/* How long to wait for a moment in which nobody writes. */
#define QUIET_TIMEOUT_MS 2000
#define QUIET_PAUSE_MS   20

void schema_state_finish(struct schema_state *state)
{
	ids_finish(&state->applied);
	ids_finish(&state->pending);
	ids_finish(&state->unknown);
}

static int by_value(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static bool is_ascending(const struct ids *list)
{
	for (size_t i = 1; i < list->count; i++) {
		if (list->items[i] <= list->items[i - 1]) {
			return false;
		}
	}
	return true;
}

static void drop_repeated(struct ids *sorted)
{
	size_t kept = 0;

	for (size_t i = 0; i < sorted->count; i++) {
		if (kept == 0 || sorted->items[i] != sorted->items[kept - 1]) {
			sorted->items[kept++] = sorted->items[i];
		}
	}
	sorted->count = kept;
}

/* A copy in ascending order, each id once. */
static int sorted_copy(const struct ids *from, struct ids *ret)
{
	if (from->count == 0) {
		*ret = (struct ids){0};
		return 0;
	}
	struct ids copy = {
		.items = malloc(from->count * sizeof(*from->items)),
		.count = from->count,
		.capacity = from->count,
	};

	if (copy.items == NULL) {
		return -ENOMEM;
	}
	memcpy(copy.items, from->items, from->count * sizeof(*from->items));
	if (!is_ascending(&copy)) {
		qsort(copy.items, copy.count, sizeof(*copy.items), by_value);
		drop_repeated(&copy);
	}
	*ret = copy;
	return 0;
}

/* What is in list and not in other, both ascending. */
static int difference(const struct ids *list, const struct ids *other, struct ids *into)
{
	size_t j = 0;

	for (size_t i = 0; i < list->count; i++) {
		while (j < other->count && other->items[j] < list->items[i]) {
			j++;
		}
		if (j < other->count && other->items[j] == list->items[i]) {
			continue;
		}
		if (ids_add(into, list->items[i]) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

static enum schema_class class_of(const struct schema_state *state)
{
	if (state->unknown.count > 0) {
		return SCHEMA_INCOMPATIBLE;
	}
	return state->pending.count > 0 ? SCHEMA_NEEDED : SCHEMA_COMPATIBLE;
}

int schema_classify(const struct ids *applied, const struct ids *known, struct schema_state *ret)
{
	auto_schema struct schema_state state = {0};
	auto_ids struct ids wanted = {0};

	if (sorted_copy(applied, &state.applied) < 0 || sorted_copy(known, &wanted) < 0 ||
	    difference(&wanted, &state.applied, &state.pending) < 0 ||
	    difference(&state.applied, &wanted, &state.unknown) < 0) {
		return -ENOMEM;
	}
	state.known_max = wanted.count > 0 ? wanted.items[wanted.count - 1] : 0;
	state.class = class_of(&state);
	*ret = state;
	state = (struct schema_state){0};
	return 0;
}

static int read_once(const char *path, const char *record, struct ids *ret, struct error *err)
{
	auto_look struct look look = LOOK_INIT;
	auto_ids struct ids applied = {0};
	int r = look_open(path, &look, err);

	if (r == 0 && look.db != NULL) {
		r = record_read(look.db, record, &applied, err);
	}
	/* What was read from under a writer may look like anything, an error as well. */
	if (look.fd >= 0 && r != -EAGAIN) {
		struct error changed;
		int confirmed = look_confirm(&look, &changed);

		if (confirmed == -EAGAIN || (confirmed < 0 && r == 0)) {
			*err = changed;
			r = confirmed;
		}
	}
	if (r < 0) {
		return r;
	}
	*ret = applied;
	applied = (struct ids){0};
	return 0;
}

static int read_applied(const char *path, const char *record, struct ids *ret, struct error *err)
{
	uint64_t deadline = clock_deadline(QUIET_TIMEOUT_MS);
	int r = read_once(path, record, ret, err);

	while (r == -EAGAIN && clock_left(deadline) > 0) {
		(void)poll(NULL, 0, QUIET_PAUSE_MS);
		r = read_once(path, record, ret, err);
	}
	switch (r) {
	case -EAGAIN:
		return error_set(err, -EBUSY, "%s; try again", err->text);
	case -EBADE:
		return error_set(err, -EUCLEAN, "%s", err->text);
	default:
		return r;
	}
}

int schema_inspect(const char *path, const char *record, const struct ids *known,
		   struct schema_state *ret, struct error *err)
{
	auto_ids struct ids applied = {0};
	int r = read_applied(path, record, &applied, err);

	if (r < 0) {
		return error_prefix(err, "cannot read the migrations of %s", path);
	}
	return schema_classify(&applied, known, ret) < 0 ? error_no_memory(err) : 0;
}
