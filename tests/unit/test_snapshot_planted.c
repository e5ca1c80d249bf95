#include <criterion/criterion.h>
Test(snapshot_planted, todo) { }
