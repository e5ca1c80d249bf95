/*
 * process_case.h - a shell script run as a child, and a witness to its end: what every test of
 * processes needs.
 *
 * The witness is a socket whose other end the child and all its children hold; it reads
 * end-of-file when the last of them is gone.
 */
#ifndef UNIT_PROCESS_CASE_H
#define UNIT_PROCESS_CASE_H

#include "base/process.h"

#define PATIENCE_MS 5000 /* for what has to happen */
#define WITNESS     9    /* the number the child sees its end under */

#define SHELL(script)                                                                              \
	(const char *const[])                                                                      \
	{                                                                                          \
		"/bin/sh", "-c", script, NULL                                                      \
	}

struct process_options shell(const char *const argv[]);
struct process spawn(const struct process_options *options);

struct witness {
	int ours;
	int theirs;
	struct process_fd fd; /* for the options */
};

struct witness witness_make(void);

/* Call once the child runs: from then on only it and its children hold the other end. */
void witness_leave_to_child(struct witness *witness);

/* One byte, or 0 when all who held the other end are gone, or -1 when nothing happens. */
int witness_read(const struct witness *witness);

/* Starts a script that holds the witness and says a byte when it is ready. */
struct process spawn_witnessed(const char *script, struct witness *witness, bool starts_daemon);

void assert_nobody_is_left(struct witness *witness);

/* Runs body in a child with no descriptor above 2 open, and returns its exit code. */
int in_clean_child(int (*body)(void));

/* How it ended; 100: it did not start, 101: killed. Nothing is asserted. */
int exit_code_of(const struct process_options *options);

/* The same of a script that checks something of itself, in a parent made strange by the caller. */
int check_by_script(const char *script);

#endif
