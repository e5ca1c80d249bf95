#include <criterion/criterion.h>
Test(snapshot_watch, todo) { }
