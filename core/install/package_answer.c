/*
 * package_answer.c - package_answer.h.
 *
 * An answer counts when it names the path's package, or says in so many words that there is none:
 * rpm and pacman exit with the number of paths that are nobody's, and with 1 also when they could
 * not read half of their database.
 */
#include "install/package_answer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"

#define PACKAGE_NAME_MAX 256
#define LINE_SHOWN       200

struct dialect {
	const char *pattern;   /* characters that need a backslash */
	int exit_max;          /* a higher exit code is a failure */
	const char *nobody[2]; /* formats of the line that no package has a path */
	const char *doubt;     /* in another line on stderr: not everything was read */
	/* 1 and the name of path's package, 0: it is nobody's all the same, or -ENOENT: not said.
	 */
	int (*find)(const char *output, const char *path, char name[PACKAGE_NAME_MAX]);
};

/* The next line of *at, cut into line; false at the end. */
static bool next_line(const char **at, char *line, size_t size)
{
	size_t length = strcspn(*at, "\n");

	if (**at == '\0') {
		return false;
	}
	(void)snprintf(line, size, "%.*s", (int)length, *at);
	*at += length + ((*at)[length] == '\n' ? 1 : 0);
	return true;
}

static void take_name(const char *from, size_t length, char name[PACKAGE_NAME_MAX])
{
	(void)snprintf(name, PACKAGE_NAME_MAX, "%.*s", (int)length, from);
}

/* What dpkg-query has said of one path. */
struct dpkg_path {
	char owner[PACKAGE_NAME_MAX];    /* the first of those that list it */
	char diverter[PACKAGE_NAME_MAX]; /* the package that has diverted the others' file */
	bool is_local;                   /* the administrator has */
	bool is_refuge;                  /* where somebody's file is diverted to */
};

/* head: what stands before ": path". */
static void read_dpkg_line(const char *head, struct dpkg_path *ret)
{
	static const char by[] = "diversion by ";
	bool is_local = text_has_prefix(head, "local diversion ");
	bool is_diversion = is_local || text_has_prefix(head, by);

	if (is_diversion && text_has_suffix(head, " to")) {
		ret->is_refuge = true;
	} else if (is_local) {
		ret->is_local = true;
	} else if (is_diversion) {
		take_name(head + sizeof(by) - 1, strcspn(head + sizeof(by) - 1, " "),
			  ret->diverter);
	} else {
		take_name(head, strcspn(head, ",: "), ret->owner);
	}
}

/*
 * "a, b:amd64: /path" names its packages. A diversion comes before: what lies at /path is then the
 * diverting package's, or, if it is local, nobody's. Where packages' files are diverted to they are
 * not listed; that such a place is somebody's is all that can be said.
 */
static int find_dpkg(const char *output, const char *path, char name[PACKAGE_NAME_MAX])
{
	char line[2 * PATH_MAX];
	size_t tail = strlen(path);
	struct dpkg_path said = {0};

	while (next_line(&output, line, sizeof(line))) {
		size_t length = strlen(line);
		char *head_end = length >= tail + 2 ? line + length - tail - 2 : NULL;

		if (head_end != NULL && text_has_prefix(head_end, ": ") &&
		    strcmp(head_end + 2, path) == 0) {
			*head_end = '\0';
			read_dpkg_line(line, &said);
		}
	}
	if (said.is_local || said.is_refuge) {
		return said.is_refuge ? -ENOENT : 0;
	}
	(void)snprintf(name, PACKAGE_NAME_MAX, "%s",
		       said.diverter[0] != '\0' ? said.diverter : said.owner);
	return name[0] != '\0' ? 1 : -ENOENT;
}

/* Packages are named in the order of the paths, and those before are nobody's: the first one. */
static int find_rpm(const char *output, const char *path, char name[PACKAGE_NAME_MAX])
{
	static const char prefix[] = "package ";
	char line[PATH_MAX];

	(void)path;
	while (next_line(&output, line, sizeof(line))) {
		if (text_has_prefix(line, prefix)) {
			take_name(line + sizeof(prefix) - 1, strlen(line), name);
			return name[0] != '\0' ? 1 : -ENOENT;
		}
	}
	return -ENOENT;
}

/* As with rpm; the path it prints is one without links. */
static int find_pacman(const char *output, const char *path, char name[PACKAGE_NAME_MAX])
{
	static const char verb[] = " is owned by ";
	char line[2 * PATH_MAX];

	(void)path;
	while (next_line(&output, line, sizeof(line))) {
		const char *found = strstr(line, verb);

		if (found != NULL) {
			found += sizeof(verb) - 1;
			take_name(found, strcspn(found, " "), name);
			return name[0] != '\0' ? 1 : -ENOENT;
		}
	}
	return -ENOENT;
}

static const struct dialect dialects[] = {
	[PACKAGE_DPKG] = {"*?[\\",
			  1,
			  {"dpkg-query: no path found matching pattern %s", NULL},
			  "files list file",
			  find_dpkg},
	[PACKAGE_RPM] = {"",
			 254,
			 {"file %s is not owned by any package",
			  "error: file %s: No such file or directory"},
			 "error:",
			 find_rpm},
	[PACKAGE_PACMAN] = {"", 254, {"error: No package owns %s", NULL}, "error:", find_pacman},
};

char *package_question(enum package_dialect dialect, const char *path)
{
	auto_buffer struct buffer question = BUFFER_INIT(2 * PATH_MAX);
	int rc = buffer_add(&question, "", 0);

	for (; rc == 0 && *path != '\0'; path++) {
		bool is_pattern = strchr(dialects[dialect].pattern, *path) != NULL;

		rc = buffer_add_format(&question, "%s%c", is_pattern ? "\\" : "", *path);
	}
	return rc == 0 ? buffer_detach(&question) : NULL;
}

/* The line says that no package has path. */
static bool says_nobody(const struct dialect *dialect, const char *line, const char *path)
{
	for (size_t i = 0; i < 2 && dialect->nobody[i] != NULL; i++) {
		const char *format = dialect->nobody[i];
		size_t head = strcspn(format, "%");
		size_t length = strlen(path);

		if (strncmp(line, format, head) == 0 && strncmp(line + head, path, length) == 0 &&
		    strcmp(line + head + length, format + head + 2) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_nobodys(const struct dialect *dialect, const char *text, const char *path)
{
	char line[2 * PATH_MAX];

	while (next_line(&text, line, sizeof(line))) {
		if (says_nobody(dialect, line, path)) {
			return true;
		}
	}
	return false;
}

/* A line that casts doubt on the others, unless it is an answer itself. */
static bool has_doubt(const struct dialect *dialect, const char *text, const struct strings *paths,
		      char *line, size_t size)
{
	while (next_line(&text, line, size)) {
		bool is_answer = strstr(line, dialect->doubt) == NULL;

		for (size_t i = 0; i < paths->count && !is_answer; i++) {
			is_answer = says_nobody(dialect, line, paths->items[i]);
		}
		if (!is_answer) {
			return true;
		}
	}
	return false;
}

static int check_end(const struct dialect *dialect, const struct process_result *answer,
		     const struct strings *paths, struct error *err)
{
	char text[PROCESS_STATUS_TEXT_MAX];
	char line[2 * PATH_MAX];
	const char *errors = buffer_text(&answer->errors);
	const struct process_status *status = &answer->status;

	if (status->timed_out || status->signal != 0 || status->exit_code < 0 ||
	    status->exit_code > dialect->exit_max) {
		const char *at = errors;
		bool says = next_line(&at, line, LINE_SHOWN);

		return error_set(err, status->timed_out ? -ETIMEDOUT : -EIO, "it %s%s%s",
				 process_status_text(status, text), says ? ": " : "",
				 says ? line : "");
	}
	if (has_doubt(dialect, errors, paths, line, sizeof(line))) {
		return error_set(err, -EIO, "it says '%.*s'", LINE_SHOWN, line);
	}
	return 0;
}

int package_answer_read(enum package_dialect which, const struct process_result *answer,
			const struct strings *paths, size_t *ret_index, char **ret_package,
			struct error *err)
{
	const struct dialect *dialect = &dialects[which];
	const char *output = buffer_text(&answer->output);
	char name[PACKAGE_NAME_MAX] = "";
	int rc = check_end(dialect, answer, paths, err);

	for (size_t i = 0; i < paths->count && rc == 0; i++) {
		const char *path = paths->items[i];
		auto_free char *asked = package_question(which, path);

		if (asked == NULL) {
			return error_no_memory(err);
		}
		if (is_nobodys(dialect, output, asked) ||
		    is_nobodys(dialect, buffer_text(&answer->errors), asked)) {
			continue;
		}
		rc = dialect->find(output, path, name);
		*ret_index = i;
		if (rc < 0) {
			return error_set(err, -EIO, "it does not say whose %s is", path);
		}
	}
	if (rc > 0) {
		text_sanitize(name);
		*ret_package = strdup(name);
		return *ret_package != NULL ? 1 : error_no_memory(err);
	}
	return rc;
}
