/*
 * collect.c - collect.h: frames and output into a struct plugin_report.
 */
#include "preflight/collect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"

/* A byte may become six (\u00XX), and two quotes. */
#define JSON_MAX (LIMIT_TEXT * 6u + 2u)

static int json_character(unsigned char c, struct buffer *buffer)
{
	static const char plain[] = "\"\"\\\\\nn\tt";

	for (const char *pair = plain; *pair != '\0'; pair += 2) {
		if ((unsigned char)pair[0] == c) {
			return buffer_add_format(buffer, "\\%c", pair[1]);
		}
	}
	if (c < 0x20) {
		return buffer_add_format(buffer, "\\u%04x", c);
	}
	return buffer_add(buffer, &c, 1);
}

int collect_json_string(const char *text, struct buffer *buffer)
{
	int rc = buffer_add(buffer, "\"", 1);

	for (; *text != '\0' && rc == 0; text++) {
		rc = json_character((unsigned char)*text, buffer);
	}
	return rc < 0 ? rc : buffer_add(buffer, "\"", 1);
}

int collect_fact_text(struct pairs *facts, const char *key, const char *text)
{
	auto_buffer struct buffer json = BUFFER_INIT(JSON_MAX);
	auto_free char *copy = strdup(text);

	if (copy == NULL) {
		return -ENOMEM;
	}
	text_sanitize(copy);
	int rc = collect_json_string(copy, &json);

	return rc < 0 ? rc : pairs_set(facts, key, buffer_text(&json));
}

int collect_fact_number(struct pairs *facts, const char *key, int64_t number)
{
	char json[24];

	(void)snprintf(json, sizeof(json), "%" PRId64, number);
	return pairs_set(facts, key, json);
}

static int add_fact(struct pairs *facts, const struct frame *frame)
{
	return frame->is_number ? collect_fact_number(facts, frame->code, frame->number)
				: collect_fact_text(facts, frame->code, frame->text);
}

static int add_finding(struct findings *findings, const struct frame *frame)
{
	auto_free char *text = strdup(frame->text);
	auto_free char *remedy = frame->remedy != NULL ? strdup(frame->remedy) : NULL;

	if (text == NULL || (frame->remedy != NULL && remedy == NULL)) {
		return -ENOMEM;
	}
	text_sanitize(text);
	if (remedy != NULL) {
		text_sanitize(remedy);
	}
	return findings_add(findings, (enum verdict)frame->verdict, frame->code, text, remedy);
}

static int check_greeting(struct child *child, const struct frame *frame)
{
	if (frame->protocol == FRAMES_PROTOCOL && strcmp(frame->build, PREFLIGHT_BUILD) == 0) {
		return 0;
	}
	return error_set(&child->reason, -EPROTO,
			 "the helper preflight-host is of build %s, the updater of build %s",
			 frame->build, PREFLIGHT_BUILD);
}

static int note_confinement(struct plugin_report *report, const struct frame *frame)
{
	report->sandbox = strdup(frame->text);
	report->is_confined = frame->is_whole;
	return report->sandbox != NULL ? 0 : -ENOMEM;
}

static const char *level_name(int32_t level)
{
	static const char *const names[] = {"debug", "info", "warning"};

	return level > 0 && level <= 2 ? names[level] : names[0];
}

static int add_log(struct child *child, const struct frame *frame)
{
	const char *level = level_name(frame->level);
	int rc = collect_output(child, level, strlen(level));

	if (rc == 0) {
		rc = collect_output(child, ": ", 2);
	}
	if (rc == 0) {
		rc = collect_output(child, frame->text, strlen(frame->text));
	}
	return rc < 0 ? rc : collect_output(child, "\n", 1);
}

int collect_frame(struct child *child, const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_HELLO:
		return check_greeting(child, frame);
	case FRAME_LOG:
		return add_log(child, frame);
	case FRAME_FACT:
		return add_fact(&child->report->facts, frame);
	case FRAME_FINDING:
		return add_finding(&child->report->findings, frame);
	case FRAME_DONE:
		child->result = frame->result;
		return 0;
	case FRAME_CONFINED:
		return note_confinement(child->report, frame);
	case FRAME_DATABASE:
		child->wants_database = true;
		return 0;
	}
	return -EPROTO;
}

int collect_output(struct child *child, const char *bytes, size_t length)
{
	size_t room = child->text.maximum - child->text.length;

	return buffer_add(&child->text, bytes, length < room ? length : room);
}

int collect_finish(struct child *child)
{
	if (child->text.length == 0) {
		return 0;
	}
	/* A NUL would end the text early; it is a control character like others. */
	for (size_t i = 0; i < child->text.length; i++) {
		if (child->text.data[i] == '\0') {
			child->text.data[i] = '?';
		}
	}
	char *text = buffer_detach(&child->text);

	if (text == NULL) {
		return -ENOMEM;
	}
	text_sanitize(text);
	child->report->output = text;
	return 0;
}
