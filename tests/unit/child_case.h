/*
 * child_case.h - a step that has no way back, taken in a child process.
 */
#ifndef TEST_CHILD_CASE_H
#define TEST_CHILD_CASE_H

/* What child_run() says when the child was killed by signal number: apart from all exit codes. */
#define CHILD_KILLED(number) (1000 + (number))

/* Runs body(argument) in a child, which exits with what body returns (0 to 255). */
int child_run(int (*body)(const void *argument), const void *argument);

#endif
