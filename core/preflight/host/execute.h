/*
 * execute.h - from this process to a plugin that is a program.
 */
#ifndef HOST_EXECUTE_H
#define HOST_EXECUTE_H

#include "base/error.h"
#include "preflight/request.h"

/*
 * Puts subject and options into the environment (PF_ and PF_OPTION_, capital letters, every other
 * character '_') and executes the file. Returns only when that failed, with the reason in *err: no
 * memory, two keys of one variable, what execve(2) says.
 */
void execute(const struct request *request, struct error *err);

#endif
