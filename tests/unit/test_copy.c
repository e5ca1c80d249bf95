#include <criterion/criterion.h>
Test(copy, todo) { }
