/*
 * error.h - what went wrong, as a code and one sentence.
 *
 * Every function that can fail for a reason worth telling takes a struct error last and returns
 * 0 or a negative errno value. The text is bounded and lives with the caller; outer layers put
 * what *they* were doing in front. Libraries never print and never exit.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define MUST_CHECK               __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

#define ERROR_TEXT_MAX 1024

struct error {
	int code; /* negative errno value */
	char text[ERROR_TEXT_MAX];
};

/*
 * Fills *err with code (a negative errno value) and the formatted sentence, and returns code.
 * A sentence that is too long loses its middle, so that the cause at its end survives a path of
 * four thousand characters in front of it.
 */
int error_set(struct error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts the formatted text and ": " in front of err->text; returns err->code. */
int error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* error_set() with -ENOMEM: the one sentence for memory that could not be had. */
int error_no_memory(struct error *err);

/* What these return is below 0. Told to the analyser, which sees no body of theirs and would follow
 * ways on which an error is none. */
#ifdef __clang_analyzer__
static inline int error_below_zero(int code)
{
	if (code >= 0) {
		__builtin_unreachable();
	}
	return code;
}
#define error_set(...)       error_below_zero(error_set(__VA_ARGS__))
#define error_prefix(...)    error_below_zero(error_prefix(__VA_ARGS__))
#define error_no_memory(err) error_below_zero(error_no_memory(err))
#endif

#endif
