#include <criterion/criterion.h>
Test(locks, todo) { }
