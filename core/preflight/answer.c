/*
 * answer.c - answer.h: lines into a finding and facts.
 */
#include "preflight/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "preflight/collect.h"
#include "preflight/frames.h"

#define QUOTED 60 /* bytes of a wrong line that are shown */

struct answer {
	enum verdict verdict;
	const char *text;
	const char *remedy; /* NULL: none */
	unsigned facts;
};

/* What stands behind "word: " when line begins so; NULL: it does not. */
static const char *behind(const char *line, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(line, word, length) != 0 || line[length] != ':') {
		return NULL;
	}
	line += length + 1;
	return line + strspn(line, " \t");
}

/* The verdict a line begins with; NULL: none. */
static const struct verdict_word *verdict_of(const char *line)
{
	for (const struct verdict_word *row = verdict_words; row->word != NULL; row++) {
		if (behind(line, row->word) != NULL) {
			return row;
		}
	}
	return NULL;
}

static int take_first(const char *line, int exit_code, struct answer *answer, struct error *reason)
{
	const struct verdict_word *row = verdict_of(line);

	if (row == NULL) {
		return error_set(reason, -EPROTO,
				 "did not answer: the first line it printed is \"%.*s\", not a "
				 "verdict like \"compatible: all is well\" (it exited with %d)",
				 QUOTED, line, exit_code);
	}
	answer->verdict = row->verdict;
	answer->text = behind(line, row->word);
	if (answer->text[0] == '\0') {
		return error_set(reason, -EPROTO, "said \"%s:\" without a reason behind it",
				 row->word);
	}
	if (exit_code != row->exit_code) {
		return error_set(reason, -EPROTO,
				 "said \"%s\" but exited with %d and not with %d; neither counts "
				 "alone",
				 row->word, exit_code, row->exit_code);
	}
	return 0;
}

/* A value that is a number as we would write it is one; "007" is not. */
static int add_fact(struct plugin_report *report, const char *key, const char *value)
{
	int64_t number = 0;
	char canonical[24];

	if (text_parse_i64(value, &number) == 0) {
		(void)snprintf(canonical, sizeof(canonical), "%" PRId64, number);
		if (strcmp(canonical, value) == 0) {
			return collect_fact_number(&report->facts, key, number);
		}
	}
	return collect_fact_text(&report->facts, key, value);
}

static int take_fact(char *fact, struct answer *answer, struct plugin_report *report,
		     struct error *reason)
{
	char *value = strchr(fact, '=');

	if (++answer->facts > LIMIT_FACTS) {
		return error_set(reason, -EPROTO, "printed more than %u facts", LIMIT_FACTS);
	}
	if (value != NULL) {
		*value++ = '\0';
	}
	if (value == NULL || !frame_code_is_valid(fact)) {
		return error_set(reason, -EPROTO, "printed \"fact: %.*s\", which is not key=value",
				 QUOTED, fact);
	}
	return add_fact(report, fact, value);
}

/* Any line but the first. */
static int take_line(char *line, struct answer *answer, struct plugin_report *report,
		     struct error *reason)
{
	const char *remedy = behind(line, "remedy");
	const char *fact = behind(line, "fact");

	if (verdict_of(line) != NULL) {
		return error_set(reason, -EPROTO, "printed a second verdict: \"%.*s\"", QUOTED,
				 line);
	}
	if (remedy != NULL && remedy[0] != '\0') {
		answer->remedy = remedy;
	}
	return fact != NULL ? take_fact(line + (fact - line), answer, report, reason) : 0;
}

/* The next line of *rest, without its end; NULL: there is none. A last line needs no end. */
static char *next_line(char **rest)
{
	char *line = *rest;

	if (line == NULL || *line == '\0') {
		return NULL;
	}
	*rest = strchr(line, '\n');
	if (*rest != NULL) {
		*(*rest)++ = '\0';
	}
	return line;
}

static int take_lines(char *rest, int exit_code, struct answer *answer,
		      struct plugin_report *report, struct error *reason)
{
	const char *first = next_line(&rest);
	int rc = take_first(first != NULL ? first : "", exit_code, answer, reason);

	for (char *line = next_line(&rest); line != NULL && rc == 0; line = next_line(&rest)) {
		if (strlen(line) >= LIMIT_TEXT) {
			return error_set(reason, -EPROTO, "printed a line of more than %u bytes",
					 LIMIT_TEXT - 1);
		}
		rc = take_line(line, answer, report, reason);
	}
	return rc;
}

int answer_take(struct buffer *said, int exit_code, struct plugin_report *report,
		struct error *reason)
{
	struct answer answer = {.verdict = VERDICT_ERROR};
	char nothing[1] = "";

	/* A NUL would end the text early; it is a control character like others. */
	for (size_t i = 0; i < said->length; i++) {
		if (said->data[i] == '\0') {
			said->data[i] = '?';
		}
	}
	char *text = said->length > 0 ? said->data : nothing;

	text_sanitize(text);
	int rc = take_lines(text, exit_code, &answer, report, reason);

	if (rc == 0 && strlen(answer.text) >= LIMIT_TEXT) {
		rc = error_set(reason, -EPROTO, "printed a line of more than %u bytes",
			       LIMIT_TEXT - 1);
	}
	return rc < 0 ? rc
		      : findings_add(&report->findings, answer.verdict, report->name, answer.text,
				     answer.remedy);
}
