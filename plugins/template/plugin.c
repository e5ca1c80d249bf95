/*
 * plugin.c - template: reads what there is to read, has it judged, and reports. Changes nothing.
 */
#include <banger/preflight.h>

#include <errno.h>
#include <stdio.h>

#include "judgement.h"

/* root is "" in production; tests put files of their own below another one. */
static int read_load(const struct pf_host *h, char text[128])
{
	const char *root = h->subject(h, "root");
	char path[512];
	FILE *file;
	int rc;

	(void)snprintf(path, sizeof(path), "%s/proc/loadavg", root != NULL ? root : "");
	file = fopen(path, "r");
	if (file == NULL) {
		return -errno;
	}
	rc = fgets(text, 128, file) != NULL ? 0 : -EIO;
	(void)fclose(file);
	return rc;
}

static int check(const struct pf_host *h)
{
	struct judgement judgement;
	char text[128];
	char load[32];
	int rc = read_load(h, text);

	if (rc < 0) {
		return h->finding(h, PF_ERROR, "load.unreadable", "cannot read /proc/loadavg",
				  "see that /proc is mounted");
	}
	judge_load(text, h->config(h, "limit"), &judgement);
	(void)snprintf(load, sizeof(load), "%.2f", judgement.load);
	(void)h->fact_str(h, "load", load);
	return h->finding(h, judgement.verdict, judgement.code, judgement.text, judgement.remedy);
}

static const struct pf_option options[] = {
	{.key = "limit",
	 .fallback = "8.0",
	 .help = "a higher load of the last minute means: not now"},
	{.key = NULL},
};

PF_PLUGIN(.name = "template", .version = "1", .summary = "has the host time for an update?",
	  .options = options, .check = check);
