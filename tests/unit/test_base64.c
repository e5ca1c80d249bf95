/*
 * test_base64.c - one text for one value, and nothing else.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "release/base64.h"

static const struct {
	const char *text;
	const char *value;
} good[] = {
	/* RFC 4648 section 10 */
	{"", ""},
	{"Zg==", "f"},
	{"Zm8=", "fo"},
	{"Zm9v", "foo"},
	{"Zm9vYg==", "foob"},
	{"Zm9vYmE=", "fooba"},
	{"Zm9vYmFy", "foobar"},
	{"+/+/", "\xfb\xff\xbf"},
};

static const char *const bad[] = {
	"Z",        "Zg",    "Zg=",     "Zm8",        "Z===",     "====", "Zg==Zg==",
	"Zg==\n",   " Zg==", "Zm 9v",   "Zm9v\nYg==", "Zm9v\r\n", "Zh==", "Zm9=",
	"Zm9v====", "-_-_",  "Zm9\x80", "=m9v",       "Z=9v",     "Zm=v",
};

Test(base64, decodes_the_examples_of_the_standard)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t bytes[16];
		size_t length = 99;

		cr_assert_eq(base64_decode(good[i].text, strlen(good[i].text), bytes, sizeof(bytes),
					   &length),
			     0, "'%s'", good[i].text);
		cr_assert_eq(length, strlen(good[i].value), "'%s'", good[i].text);
		cr_assert_arr_eq(bytes, good[i].value, length);
	}
}

Test(base64, refuses_every_other_spelling)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t bytes[16];
		size_t length = 0;

		cr_assert_eq(base64_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes), &length),
			     -EINVAL, "'%s'", bad[i]);
	}
}

Test(base64, stops_at_the_capacity)
{
	uint8_t bytes[4] = {0, 0, 0, 0xee};
	size_t length = 0;

	cr_assert_eq(base64_decode("Zm9v", 4, bytes, 3, &length), 0);
	cr_assert_eq(base64_decode("Zm9vYg==", 8, bytes, 3, &length), -E2BIG);
	cr_assert_eq(bytes[3], 0xee, "nothing may be written behind the capacity");
}
