/*
 * judgement.c - judgement.h: the sentences that an operator reads, and the verdicts they carry.
 */
#include "judgement.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define FIRST_LINE_MAX 200

/* Everything but the sentence, which the caller writes. */
static void set(struct judgement *ret, pf_verdict verdict, const char *code, const char *remedy)
{
	*ret = (struct judgement){.verdict = verdict, .code = code, .remedy = remedy};
}

#define say(judgement, ...) (void)error_set(&(judgement)->sentence, -EINVAL, __VA_ARGS__)

static const char *release_name(const struct judgement_case *about, char text[128])
{
	(void)snprintf(text, 128, "release %.100s",
		       about->version != NULL ? about->version : "of unknown version");
	return text;
}

static void judge_unknown(const struct judgement_case *about, const struct schema_state *state,
			  struct judgement *ret)
{
	char unknown[IDS_TEXT_MAX];
	char release[128];

	set(ret, PF_INCOMPATIBLE, "schema.unknown",
	    "choose a release that knows them: the installed one or a newer one. Going back to an "
	    "older release needs the database as it was before");
	say(ret,
	    "database %s has migrations %s that %s does not know: it is newer than this release",
	    about->database, ids_text(&state->unknown, unknown), release_name(about, release));
}

static void judge_pending(const struct judgement_case *about, const struct schema_state *state,
			  struct judgement *ret)
{
	char pending[IDS_TEXT_MAX];
	char release[128];

	set(ret, PF_NEEDED, "schema.pending", NULL);
	say(ret,
	    "%s will apply migrations %s to database %s at its first start; the database is saved "
	    "before, and going back afterwards puts that back and sets aside what was written "
	    "since",
	    release_name(about, release), ids_text(&state->pending, pending), about->database);
}

void judge_state(const struct judgement_case *about, const struct schema_state *state,
		 struct judgement *ret)
{
	char release[128];

	switch (state->class) {
	case SCHEMA_COMPATIBLE:
		set(ret, PF_COMPATIBLE, "schema.compatible", NULL);
		say(ret,
		    "database %s has all %zu migrations that %s knows, and no others; going back "
		    "afterwards leaves it as it is",
		    about->database, state->applied.count, release_name(about, release));
		return;
	case SCHEMA_NEEDED:
		judge_pending(about, state, ret);
		return;
	case SCHEMA_INCOMPATIBLE:
		judge_unknown(about, state, ret);
		return;
	}
	set(ret, PF_ERROR, "schema.unreadable", "report it");
	say(ret, "database %s is in a state without a name", about->database);
}

struct failure {
	int code;
	const char *finding;
	const char *remedy;
};

static const struct failure failures[] = {
	{-ENOENT, "schema.missing", "look whether path = in the section [database] is right"},
	{-EACCES, "schema.unreadable", "let the user that this check runs as read the database"},
	{-EBUSY, "schema.locked", "try again when whoever holds the lock has finished"},
	{-EUCLEAN, "schema.corrupt",
	 "have the database checked (PRAGMA integrity_check) and restore it if it is damaged"},
	{-EINVAL, "schema.no-record",
	 "name the table of applied migrations with record = in the section [database]"},
	{-ENOTRECOVERABLE, "schema.unfinished",
	 "start the daemon once, so that it finishes or undoes what was interrupted"},
	{-E2BIG, "schema.too-large", "report it: this record is longer than can be compared"},
	{0, "schema.unreadable", "see what the system says about the file, and try again"},
};

void judge_failure(const struct judgement_case *about, const struct error *reason,
		   struct judgement *ret)
{
	const struct failure *failure = failures;

	while (failure->code != 0 && failure->code != reason->code) {
		failure++;
	}
	set(ret, PF_ERROR, failure->finding, failure->remedy);
	say(ret, "database %s: %s", about->database, reason->text);
}

void judge_missing(const struct judgement_case *about, bool is_allowed, struct judgement *ret)
{
	char release[128];

	if (is_allowed) {
		set(ret, PF_NEEDED, "schema.new", NULL);
		say(ret, "database %s does not exist yet: %s will create %s at its first start",
		    about->database, release_name(about, release), about->path);
		return;
	}
	set(ret, PF_ERROR, "schema.missing",
	    "correct path = in its section, or write missing = ok into it if it does not exist "
	    "yet");
	say(ret, "database %s does not exist: there is no %s", about->database, about->path);
}

void judge_restored(const struct judgement_case *about, struct judgement *ret)
{
	char release[128];

	set(ret, PF_COMPATIBLE, "schema.restored", NULL);
	say(ret, "database %s goes back to what %s left it like", about->database,
	    release_name(about, release));
}

void judge_unknown_release(const struct judgement_case *about, struct judgement *ret)
{
	char release[128];

	set(ret, PF_ERROR, "schema.no-source",
	    "publish release.json with its migrations, or set command = in section "
	    "[plugin schema-migration]");
	say(ret, "%s does not say which migrations it knows of database %s",
	    release_name(about, release), about->database);
}

/* An answer that a command may give. */
struct word {
	int exit_code;
	pf_verdict verdict;
	const char *word;
	const char *code;
	const char *remedy;
};

static const struct word words[] = {
	{0, PF_COMPATIBLE, "compatible", "schema.compatible", NULL},
	{1, PF_NEEDED, "needed", "schema.pending", NULL},
	{1, PF_NEEDED, "migrations needed", "schema.pending", NULL},
	{2, PF_INCOMPATIBLE, "", "schema.unknown",
	 "choose a release that fits the database: the installed one or a newer one"},
	{75, PF_BUSY, "busy", "schema.busy", "try again later"},
};

/* text begins with word, and the word ends there. */
static bool begins_with(const char *text, const char *word)
{
	size_t length = strlen(word);

	return length == 0 ||
	       (strncmp(text, word, length) == 0 && !isalnum((unsigned char)text[length]) &&
		text[length] != '-' && text[length] != '_');
}

/* Copies the first line that is not empty; the whole text if that is short. */
static void copy_first_line(const char *text, char line[FIRST_LINE_MAX])
{
	text += strspn(text, "\n");
	(void)snprintf(line, FIRST_LINE_MAX, "%.*s", (int)strcspn(text, "\n"), text);
}

void judge_answer(const char *command, const struct process_status *status, const char *output,
		  const char *errors, struct judgement *ret)
{
	char line[FIRST_LINE_MAX];
	char end[PROCESS_STATUS_TEXT_MAX];
	bool has_exited = !status->timed_out && status->signal == 0;

	/* The first line counts as it is, even when it is empty. */
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && has_exited; i++) {
		if (status->exit_code == words[i].exit_code && begins_with(output, words[i].word)) {
			copy_first_line(output[0] != '\0' ? output : errors, line);
			set(ret, words[i].verdict, words[i].code, words[i].remedy);
			say(ret, "%.200s: %s", command, line[0] != '\0' ? line : "incompatible");
			return;
		}
	}
	copy_first_line(errors[0] != '\0' ? errors : output, line);
	set(ret, PF_ERROR, "schema.command",
	    "run the command by hand. It must exit with 0 and say \"compatible\", with 1 and say "
	    "\"needed\", or with 2");
	say(ret, "%.200s %s and said: %s", command, process_status_text(status, end),
	    line[0] != '\0' ? line : "nothing");
}
