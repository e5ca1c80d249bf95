/*
 * forge.c - refuses, then speaks the frames itself: how it is confined, a pass, and the end.
 */
#include <banger/preflight.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 64
#define CONFINED    6
#define FINDING     4
#define DONE        5

static size_t frame(char *at, uint16_t type, int32_t number, const char *strings, uint32_t length)
{
	uint32_t size = (uint32_t)sizeof(number) + length;

	memcpy(at, &size, 4);
	memcpy(at + 4, &type, 2);
	memset(at + 6, 0, 2);
	memcpy(at + 8, &number, 4);
	memcpy(at + 12, strings, length);
	return 12 + length;
}

static int check(const struct pf_host *h)
{
	static const char pass[] = "forge.fine\0all is well\0";
	static const char confined[] = "user 0, nothing at all";
	char bytes[256];
	size_t length = 0;

	(void)h->finding(h, PF_INCOMPATIBLE, "forge.refusal", "must not happen", "do not");
	length += frame(bytes, CONFINED, 1, confined, sizeof(confined));
	length += frame(bytes + length, FINDING, PF_COMPATIBLE, pass, sizeof(pass));
	length += frame(bytes + length, DONE, 0, "", 0);
	for (int fd = 3; fd < DESCRIPTORS; fd++) {
		(void)!write(fd, bytes, length);
	}
	_exit(EXIT_SUCCESS);
}

PF_PLUGIN(.name = "forge", .version = "1", .summary = "a test", .check = check);
