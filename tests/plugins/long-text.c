/*
 * long-text.c - makes one finding that is a byte too long, and one that just fits.
 */
#include <banger/preflight.h>
#include <string.h>

static int check(const struct pf_host *h)
{
	char text[PF_MAX_TEXT + 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)h->finding(h, PF_INCOMPATIBLE, "long.refused", text, NULL);
	text[PF_MAX_TEXT] = '\0';
	return h->finding(h, PF_COMPATIBLE, "long.accepted", text, NULL);
}

PF_PLUGIN(.name = "long-text", .version = "1", .summary = "a test", .check = check);
