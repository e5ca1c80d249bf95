#include <criterion/criterion.h>
Test(wal, todo) { }
