/*
 * client.h - one question to the daemon.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <stdint.h>

#include "base/error.h"

/*
 * Asks the daemon at socket for method and gives its result, a string, which the caller frees; all
 * before deadline (clock_deadline()). -EPROTO: the answer is not one; -EREMOTEIO: the daemon
 * answered with an error, which is the text; -ETIMEDOUT; else what connect(2) and recv(2) give.
 */
MUST_CHECK int client_ask(const char *socket, const char *method, uint64_t deadline, char **ret,
			  struct error *err);

#endif
