/*
 * test_room.c - what a database takes beside it.
 */
#include <criterion/criterion.h>

#include "model/room.h"

Test(room, a_database_that_may_be_put_back_takes_three_times_its_size)
{
	struct room room = room_of_database(10 * MIB, true);

	cr_assert_eq(room.copy, 10 * MIB);
	cr_assert_eq(room.aside, 10 * MIB);
	/* 24 bytes before each page, of which the smallest has 512. */
	cr_assert_geq(room.back, 10 * MIB + 10 * MIB / 512 * 24);
}

Test(room, one_that_never_is_takes_its_copy)
{
	struct room room = room_of_database(10 * MIB, false);

	cr_assert_eq(room.copy, 10 * MIB);
	cr_assert_eq(room.aside + room.back, 0);
}

Test(room, sums_do_not_wrap_around)
{
	cr_assert_eq(room_of_database(UINT64_MAX, true).back, UINT64_MAX);
}
