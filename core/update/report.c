/*
 * report.c - report.h: the live report.
 */
#include "update/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/text.h"

#define WIDTH_MIN     40u
#define WIDTH_DEFAULT 80u
#define WIDTH_MAX     120u

#define RED    "31"
#define GREEN  "32"
#define YELLOW "33"
#define BOLD   "1"

static unsigned terminal_width(int fd)
{
	struct winsize size = {0};

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) {
		return WIDTH_DEFAULT;
	}
	if (size.ws_col < WIDTH_MIN) {
		return WIDTH_MIN;
	}
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

void report_init(struct report *report, const struct report_options *options)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	bool is_terminal = isatty(STDERR_FILENO) == 1;

	*report = (struct report){
		.live = options->json || options->quiet ? NULL : stderr,
		.verbose = options->verbose,
		.width = terminal_width(STDERR_FILENO),
		.is_terminal = is_terminal,
		.color = is_terminal && (no_color == NULL || no_color[0] == '\0') &&
			 (terminal == NULL || strcmp(terminal, "dumb") != 0),
	};
}

static void paint(const struct report *report, const char *color, const char *text)
{
	if (report->color) {
		(void)fprintf(report->live, "\033[%sm%s\033[0m", color, text);
	} else {
		(void)fputs(text, report->live);
	}
}

/* Characters that a terminal would show, counted as UTF-8 lead bytes. */
static unsigned columns(const char *text, size_t length)
{
	unsigned count = 0;

	for (size_t i = 0; i < length; i++) {
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return count;
}

void report_wrap(FILE *to, unsigned width, unsigned indent, const char *text)
{
	unsigned column = indent;
	bool fresh = true;

	while (*text != '\0') {
		size_t length = strcspn(text, " \n");
		unsigned wide = columns(text, length);

		if (!fresh && column + 1 + wide > width) {
			(void)fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
			fresh = true;
		}
		(void)fprintf(to, "%s%.*s", fresh ? "" : " ", (int)length, text);
		column += wide + (fresh ? 0 : 1);
		fresh = false;
		text += length;
		if (*text == '\n') {
			(void)fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
			fresh = true;
		}
		text += *text != '\0';
		text += strspn(text, " ");
	}
	(void)fputc('\n', to);
}

/* Outside text, made harmless and wrapped. */
static void show(const struct report *report, unsigned indent, const char *text)
{
	auto_free char *copy = strdup(text);

	if (copy != NULL) {
		text_sanitize(copy);
		report_wrap(report->live, report->width, indent, copy);
	}
}

/* Takes the line of the running phase away, so that another can stand there. */
static void give_way(const struct report *report)
{
	if (report->is_terminal) {
		(void)fputs("\r\033[K", report->live);
	}
}

void report_title(struct report *report, const char *product, const char *run)
{
	if (report->live != NULL) {
		paint(report, BOLD, product);
		(void)fprintf(report->live, ", run %s\n", run);
	}
}

void report_phase_begin(struct report *report, const char *name)
{
	report->phase = name;
	report->progress = (struct progress){0};
	report->detail[0] = '\0';
	/* Who watches sees what is waited for; the line gives way to the phase's result. */
	if (report->live != NULL && report->is_terminal) {
		(void)fprintf(report->live, "  %-10s ...", name);
		(void)fflush(report->live);
	}
}

void report_fetching(struct report *report, uint64_t done, uint64_t total, uint64_t attempt,
		     uint64_t now_ms)
{
	char text[PROGRESS_TEXT_MAX];

	if (report->live == NULL || !report->is_terminal ||
	    !progress_look(&report->progress, done, now_ms)) {
		return;
	}
	give_way(report);
	(void)fprintf(report->live, "  %-10s %s", report->phase != NULL ? report->phase : "",
		      progress_text(&report->progress, done, total, text));
	if (attempt > 1) {
		(void)fprintf(report->live, ", attempt %" PRIu64, attempt);
	}
	(void)fflush(report->live);
}

void report_detail(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(report->detail, sizeof(report->detail), format, args);
	va_end(args);
}

static const char *color_of_result(const char *result)
{
	if (strcmp(result, "ok") == 0) {
		return GREEN;
	}
	return strcmp(result, "undone") == 0 ? YELLOW : RED;
}

static const char *color_of_verdict(enum verdict verdict)
{
	if (verdict_allows(verdict)) {
		return verdict == VERDICT_NEEDED ? YELLOW : GREEN;
	}
	return RED;
}

static void show_finding(const struct report *report, const struct finding *finding)
{
	(void)fputs("      ", report->live);
	show(report, 6, finding->text);
	if (finding->remedy != NULL && !verdict_allows(finding->verdict)) {
		(void)fputs("      -> ", report->live);
		show(report, 9, finding->remedy);
	}
}

static void show_plugin(const struct report *report, const struct plugin_report *plugin)
{
	(void)fprintf(report->live, "    %s: ", plugin->name);
	paint(report, color_of_verdict(plugin->verdict), verdict_word(plugin->verdict));
	(void)fputc('\n', report->live);
	for (size_t i = 0; i < plugin->findings.count; i++) {
		show_finding(report, &plugin->findings.items[i]);
	}
	if (report->verbose && plugin->sandbox != NULL) {
		(void)fputs("      sandbox: ", report->live);
		show(report, 6, plugin->sandbox);
	}
	if (report->verbose && plugin->output != NULL && plugin->output[0] != '\0') {
		(void)fputs("      printed: ", report->live);
		show(report, 6, plugin->output);
	}
}

void report_plugins(const struct report *report, const struct preflight_report *preflight)
{
	for (size_t i = 0; report->live != NULL && i < preflight->count; i++) {
		show_plugin(report, &preflight->plugins[i]);
	}
}

/* Facts are JSON text; a person does without the quotes around it. */
static void list_fact(FILE *to, const struct pair *fact)
{
	const char *text = fact->value;
	size_t length = strlen(text);
	bool is_quoted = length >= 2 && text[0] == '"';

	(void)fprintf(to, "  %s: %.*s\n", fact->key, (int)(is_quoted ? length - 2 : length),
		      is_quoted ? text + 1 : text);
}

static void list_plugin(FILE *to, const struct plugin_report *plugin)
{
	for (size_t i = 0; i < plugin->findings.count; i++) {
		const struct finding *finding = &plugin->findings.items[i];
		bool is_described = strcmp(finding->code, "plugin.described") == 0;

		(void)fprintf(to, "%s: %s%s\n", plugin->name,
			      is_described || finding->verdict == VERDICT_SKIP ? ""
									       : "would not run: ",
			      finding->text);
		if (!is_described && finding->remedy != NULL) {
			(void)fprintf(to, "  -> %s\n", finding->remedy);
		}
	}
	for (size_t i = 0; i < plugin->facts.count; i++) {
		list_fact(to, &plugin->facts.items[i]);
	}
}

void report_list_plugins(FILE *to, const struct preflight_report *preflight)
{
	for (size_t i = 0; i < preflight->count; i++) {
		list_plugin(to, &preflight->plugins[i]);
	}
	if (preflight->count == 0) {
		(void)fputs("there are no plugins\n", to);
	}
}

void report_preflight(struct report *report, const struct preflight_report *preflight)
{
	report_detail(report, "%s: %zu plugin%s asked", verdict_word(preflight->verdict),
		      preflight->count, preflight->count == 1 ? "" : "s");
	report->preflight = preflight;
}

void report_phase_end(struct report *report, const char *name, const char *result, uint64_t ms)
{
	if (report->phase_count < REPORT_PHASES_MAX) {
		report->phases[report->phase_count++] = (struct phase_record){name, result, ms};
	}
	if (report->live == NULL) {
		return;
	}
	give_way(report);
	(void)fprintf(report->live, "  %-10s ", name);
	paint(report, color_of_result(result), result);
	(void)fprintf(report->live, "%*s", strlen(result) < 6 ? (int)(6 - strlen(result)) : 1, "");
	(void)fprintf(report->live, "%6.2f s%s", (double)ms / 1000,
		      report->detail[0] != '\0' ? "  " : "");
	show(report, 29, report->detail);
	for (size_t i = 0; report->preflight != NULL && i < report->preflight->count; i++) {
		show_plugin(report, &report->preflight->plugins[i]);
	}
	report->preflight = NULL;
}

void report_rollback(struct report *report, const char *reason)
{
	if (report->live != NULL) {
		give_way(report);
		paint(report, RED, "  failed: ");
		show(report, 10, reason);
		(void)fputs("  going back to the old release\n", report->live);
	}
}

void report_warning(struct report *report, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report_problem(report, text);
}

void report_problem(struct report *report, const char *text)
{
	if (report->live != NULL) {
		give_way(report);
		paint(report, YELLOW, "  note: ");
		show(report, 8, text);
	}
}
