#include <criterion/criterion.h>
Test(servant, todo) { }
