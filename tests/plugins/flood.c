/*
 * flood.c - writes to stdout without an end.
 */
#include <banger/preflight.h>
#include <string.h>
#include <unistd.h>

static int check(const struct pf_host *h)
{
	char noise[4096];

	memset(noise, 'x', sizeof(noise));
	while (h->subject(h, "never") == NULL) {
		(void)!write(STDOUT_FILENO, noise, sizeof(noise));
	}
	return 0;
}

PF_PLUGIN(.name = "flood", .version = "1", .summary = "a test", .check = check);
