/*
 * execute.c - execute.h: the environment of a program, and execve(2).
 */
#include "preflight/host/execute.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

#define NAME_SIZE 512u

/* "artifact.a-b.staged" -> "PF_ARTIFACT_A_B_STAGED", without a locale's idea of letters. */
static int make_name(const char *prefix, const char *key, char name[NAME_SIZE], struct error *err)
{
	int length = snprintf(name, NAME_SIZE, "%s%s", prefix, key);

	if (length < 0 || (size_t)length >= NAME_SIZE) {
		return error_set(err, -E2BIG, "\"%.64s...\" is too long for a variable", key);
	}
	for (char *at = name + strlen(prefix); *at != '\0'; at++) {
		if (*at >= 'a' && *at <= 'z') {
			*at = (char)(*at - 'a' + 'A');
		} else if ((*at < 'A' || *at > 'Z') && (*at < '0' || *at > '9')) {
			*at = '_';
		}
	}
	return 0;
}

static int set(const char *prefix, const char *key, const char *value, struct error *err)
{
	char name[NAME_SIZE];
	int rc = make_name(prefix, key, name, err);

	if (rc < 0) {
		return rc;
	}
	/* One of two values would be lost, and a check would be made of the other. */
	if (getenv(name) != NULL) {
		return error_set(err, -EEXIST,
				 "cannot be told \"%s\": another name becomes the variable %s, too",
				 key, name);
	}
	return setenv(name, value, 1) < 0 ? error_no_memory(err) : 0;
}

static int set_all(const char *prefix, const struct pairs *pairs, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < pairs->count && rc == 0; i++) {
		rc = set(prefix, pairs->items[i].key, pairs->items[i].value, err);
	}
	return rc;
}

static int set_own(const struct request *request, struct error *err)
{
	char timeout[24];

	(void)snprintf(timeout, sizeof(timeout), "%" PRIu64, request->timeout_ms);
	int rc = set("PF_", "plugin", request->name, err);

	if (rc == 0) {
		rc = set("PF_", "timeout.ms", timeout, err);
	}
	if (rc == 0 && request->scratch != NULL) {
		rc = set("PF_", "scratch.dir", request->scratch, err);
	}
	return rc;
}

void execute(const struct request *request, struct error *err)
{
	int rc = set_own(request, err);

	if (rc == 0) {
		rc = set_all("PF_", request->subject, err);
	}
	if (rc == 0) {
		rc = set_all("PF_OPTION_", request->options, err);
	}
	if (rc < 0) {
		return;
	}
	/* Its own name is what it is called; the interpreter of a script gets the path from us. */
	(void)execl(request->path, request->path, (char *)NULL);
	rc = -errno;
	(void)error_set(err, rc, "cannot be executed as user %u: %s%s", (unsigned)geteuid(),
			strerror(-rc),
			rc == -ENOEXEC  ? " (a script begins with #! and its interpreter)"
			: rc == -ENOENT ? " (the interpreter behind its #!)"
					: "");
}
