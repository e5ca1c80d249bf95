#include <criterion/criterion.h>
Test(snapshot_room, todo) { }
