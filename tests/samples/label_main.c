/*
 * label_main.c - label FROM TO VERSION BEHAVIOUR MIGRATIONS: label.h for shell scripts.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "samples/label.h"

int main(int argc, char **argv)
{
	struct label label = {0};
	struct error err = {0};
	uint64_t migrations = 0;

	if (argc != 6 || strlen(argv[3]) >= sizeof(label.version) ||
	    strlen(argv[4]) >= sizeof(label.behaviour) ||
	    text_parse_u64(argv[5], &migrations) < 0) {
		(void)fputs("usage: label FROM TO VERSION BEHAVIOUR MIGRATIONS\n", stderr);
		return 64;
	}
	(void)strcpy(label.version, argv[3]);
	(void)strcpy(label.behaviour, argv[4]);
	label.migrations = migrations;
	if (label_write(argv[1], argv[2], &label, &err) < 0) {
		(void)fprintf(stderr, "label: %s\n", err.text);
		return 1;
	}
	return 0;
}
