/*
 * command.h - a command line of the INI file: words, no shell.
 *
 * Split at blanks; "…" groups, with \" and \\ inside. The first word is an absolute path. The
 * placeholders {root} {stage} {database} {version} are replaced inside any word when the command
 * is about to run; any other {…} is an error when the line is parsed.
 */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

struct command {
	char *line;           /* as written, for messages */
	struct strings words; /* with placeholders */
};

/* What the placeholders mean in one run; a NULL makes its placeholder an error. */
struct command_values {
	const char *root; /* "" when there is none */
	const char *stage;
	const char *database;
	const char *version;
};

void command_finish(struct command *command);

/* -EINVAL: empty, first word not absolute and not "{stage}/…" or "{root}/…", open quote,
 * unknown placeholder, too many words or too long. */
MUST_CHECK int command_parse(const char *line, struct command *ret, struct error *err);

bool command_is_set(const struct command *command);
bool command_uses(const struct command *command, const char *placeholder); /* "{stage}" */

/*
 * The words with placeholders replaced, ready for execv(3) (a NULL behind the last; the list's
 * items). root is put in front of the first word when that does not start with a placeholder.
 */
MUST_CHECK int command_expand(const struct command *command, const struct command_values *values,
			      struct strings *ret, struct error *err);

#endif
