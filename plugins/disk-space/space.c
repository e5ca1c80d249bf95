/*
 * space.c - space.h: sums that cannot wrap around, and the sentence about them.
 */
#include "space.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/room.h"
#include "support/amount.h"

uint64_t space_plus(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t space_times(uint64_t a, uint64_t b)
{
	return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

struct database_needs space_of_database(uint64_t size, uint64_t growth, bool without_restore)
{
	const struct room room = room_of_database(size, !without_restore);
	uint64_t more = space_times(size / 100 + (size % 100 != 0), growth);

	return (struct database_needs){
		.snapshot = room.copy,
		.growth = more,
		.set_aside = without_restore ? 0 : space_plus(room.aside, more),
		.restore = room.back,
		.spare = ROOM_SPARE,
	};
}

static struct filesystem *find(struct space *space, const struct place *place)
{
	for (size_t i = 0; i < space->count; i++) {
		if (space->items[i].place.device == place->device) {
			return &space->items[i];
		}
	}
	if (space->count == SPACE_FILESYSTEMS) {
		return NULL;
	}
	struct filesystem *added = &space->items[space->count++];

	*added = (struct filesystem){.place = *place};
	return added;
}

/* What no longer fits is counted, but not listed. */
static void add_reason(struct filesystem *filesystem, uint64_t bytes, const char *what)
{
	size_t used = strlen(filesystem->reasons);
	char amount[AMOUNT_TEXT_MAX];
	char reason[SPACE_REASONS_MAX];
	int length = snprintf(reason, sizeof(reason), "%s%s (%s)", used > 0 ? ", " : "", what,
			      amount_bytes(bytes, amount));

	if (length > 0 && (size_t)length < sizeof(filesystem->reasons) - used) {
		memcpy(filesystem->reasons + used, reason, (size_t)length + 1);
	}
}

int space_need(struct space *space, const struct place *place, uint64_t bytes, uint64_t inodes,
	       const char *what)
{
	struct filesystem *filesystem = find(space, place);

	if (filesystem == NULL) {
		return -E2BIG;
	}
	filesystem->bytes = space_plus(filesystem->bytes, bytes);
	filesystem->inodes = space_plus(filesystem->inodes, inodes);
	if (bytes > 0) {
		add_reason(filesystem, bytes, what);
	}
	return 0;
}

void space_judge(const struct filesystem *filesystem, uint64_t reserve, struct judgement *ret)
{
	const struct place *place = &filesystem->place;
	char needed[AMOUNT_TEXT_MAX];
	char kept[AMOUNT_TEXT_MAX];
	char there[AMOUNT_TEXT_MAX];

	(void)amount_bytes(filesystem->bytes, needed);
	(void)amount_bytes(reserve, kept);
	(void)amount_bytes(place->bytes_free, there);
	if (space_plus(filesystem->bytes, reserve) > place->bytes_free) {
		judgement_set(ret, PF_INCOMPATIBLE, "disk.low",
			      "free space on that file system, or make it larger; lower reserve = "
			      "or growth = in section [plugin disk-space] if you know better",
			      "the file system of %s has %s free, but the update and the way back "
			      "may need %s, and %s have to be left: %s",
			      place->path, there, needed, kept, filesystem->reasons);
	} else if (filesystem->inodes > place->inodes_free) {
		judgement_set(ret, PF_INCOMPATIBLE, "disk.inodes",
			      "remove files on that file system: it has no room for new ones, "
			      "whatever their size",
			      "the file system of %s has room for %llu more files, but the update "
			      "and the way back may need %llu",
			      place->path, (unsigned long long)place->inodes_free,
			      (unsigned long long)filesystem->inodes);
	} else {
		judgement_set(ret, PF_COMPATIBLE, "disk.enough", NULL,
			      "the file system of %s has %s free; the update and the way back need "
			      "%s at most",
			      place->path, there, needed);
	}
}
