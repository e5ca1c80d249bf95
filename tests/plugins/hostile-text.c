/*
 * hostile-text.c - speaks in escape sequences, bytes that are no UTF-8, and from right to left.
 */
#include <banger/preflight.h>
#include <stdio.h>

static int check(const struct pf_host *h)
{
	(void)fputs("out\033[2J\n", stdout);
	(void)fflush(stdout);
	(void)h->fact_str(h, "hostile", "\033]0;owned\a");
	return h->finding(h, PF_COMPATIBLE, "hostile.text",
			  "\033[31mred\xff\xe2\x80\xae"
			  "desrever",
			  "type \033[5mthis");
}

PF_PLUGIN(.name = "hostile-text", .version = "1", .summary = "a test", .check = check);
