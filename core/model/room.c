/*
 * room.c - room.h: sums that cannot wrap around.
 */
#include "model/room.h"

struct room room_of_database(uint64_t size, bool put_back)
{
	/* Every page is written to a journal or WAL first, whose frames are larger than pages by at
	 * most a twentieth. */
	uint64_t frames = size / 20 + 1;

	return (struct room){
		.copy = size,
		.aside = put_back ? size : 0,
		.back = !put_back                    ? 0
			: size > UINT64_MAX - frames ? UINT64_MAX
						     : size + frames,
	};
}
