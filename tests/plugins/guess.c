/*
 * guess.c - refuses, then writes to every descriptor it could have inherited, and passes.
 */
#include <banger/preflight.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 1024

static int check(const struct pf_host *h)
{
	static const char garbage[] = "{\"verdict\":\"compatible\"}\ncompatible: all is well\n";

	(void)h->finding(h, PF_INCOMPATIBLE, "guess.refusal", "must not happen", "do not");
	for (int fd = 3; fd < DESCRIPTORS; fd++) {
		(void)!write(fd, garbage, sizeof(garbage));
	}
	return h->finding(h, PF_COMPATIBLE, "guess.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "guess", .version = "1", .summary = "a test", .check = check);
