/*
 * subject.c - subject.h: small parsers over the subject's strings.
 */
#include "subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"

static int split(const char *text, const char *separators, struct strings *ret)
{
	auto_strings struct strings list = {0};
	auto_free char *copy = strdup(text != NULL ? text : "");
	char *state = NULL;

	if (copy == NULL) {
		return -ENOMEM;
	}
	for (const char *part = strtok_r(copy, separators, &state); part != NULL;
	     part = strtok_r(NULL, separators, &state)) {
		if (strings_add(&list, part) < 0) {
			return -ENOMEM;
		}
	}
	*ret = list;
	list = (struct strings){0};
	return 0;
}

int subject_lines(const char *list, struct strings *ret)
{
	return split(list, "\n", ret);
}

int subject_words(const char *value, struct strings *ret)
{
	return split(value, " \t", ret);
}

const char *subject_entry(const struct pf_host *h, const char *group, const char *name,
			  const char *key)
{
	auto_free char *full = NULL;
	int length = key != NULL ? asprintf(&full, "%s.%s.%s", group, name, key)
				 : asprintf(&full, "%s.%s", group, name);

	if (length < 0) {
		full = NULL;
		return NULL;
	}
	return h->subject(h, full);
}
