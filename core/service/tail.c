/*
 * tail.c - tail.h: a few lines, joined to one.
 */
#include "service/tail.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define TAIL_LINES 5
#define TAIL_BYTES 600

/* Where the last lines of text begin; its final line ends are cut off. */
static char *last_lines(char *text)
{
	size_t at = strlen(text);

	while (at > 0 && strchr(" \t\r\n", text[at - 1]) != NULL) {
		text[--at] = '\0';
	}
	for (unsigned lines = 0; at > 0; at--) {
		if (text[at - 1] == '\n' && ++lines == TAIL_LINES) {
			break;
		}
	}
	return text + at;
}

static void append(char *text, struct error *err)
{
	text_sanitize(text);
	char *tail = last_lines(text);

	for (char *at = strchr(tail, '\n'); at != NULL; at = strchr(at, '\n')) {
		*at = '|';
	}
	if (*tail != '\0') {
		char sentence[ERROR_TEXT_MAX];

		memcpy(sentence, err->text, sizeof(sentence));
		(void)error_set(err, err->code, "%s; it wrote: %s", sentence, tail);
	}
}

void tail_append_text(const char *text, struct error *err)
{
	size_t length = strlen(text);
	char end[TAIL_BYTES + 1];

	if (length > TAIL_BYTES) {
		text += length - TAIL_BYTES;
		length = TAIL_BYTES;
	}
	memcpy(end, text, length + 1);
	append(end, err);
}

int tail_append(int fd, struct error *err)
{
	char end[TAIL_BYTES + 1];
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return err->code;
	}
	off_t from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	ssize_t got = pread(fd, end, TAIL_BYTES, from);

	end[got > 0 ? got : 0] = '\0';
	append(end, err);
	return err->code;
}
