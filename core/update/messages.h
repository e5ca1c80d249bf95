/*
 * messages.h - what systemd's journal is told of a run: one identifier for each kind of event, for
 * `journalctl MESSAGE_ID=…` and for the catalog that explains it (packaging/systemd).
 *
 * Identifiers and the names of fields are a contract: scripts match on them. They are never given
 * another meaning.
 */
#ifndef UPDATE_MESSAGES_H
#define UPDATE_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/journald.h"
#include "model/run.h"

enum message_kind {
	MESSAGE_BEGUN,     /* from here on the host is changed */
	MESSAGE_AVAILABLE, /* there is a newer release */
	MESSAGE_UPDATED,
	MESSAGE_REFUSED,
	MESSAGE_BUSY,
	MESSAGE_FAILED, /* before anything was changed */
	MESSAGE_ROLLED_BACK,
	MESSAGE_INCOMPLETE, /* a step back failed: a person is needed */
	MESSAGE_RECOVERED,  /* a run that was killed half-way is over */
	MESSAGE_BARRED,     /* what could not be put back is kept from starting */
	MESSAGE_KINDS,
};

/* What an entry has besides its identifier; NULL or "": it has no such field. */
struct message {
	enum message_kind kind;
	const char *text; /* MESSAGE: a sentence */
	const char *product;
	const char *run;
	const char *from; /* releases */
	const char *to;
	const char *phase; /* that it is in, or failed in */
	const char *unit;  /* a service it is about */
	const char *verdict;
};

struct message_row {
	const char *id;
	const char *priority; /* of syslog(3), as a digit */
};
extern const struct message_row message_rows[MESSAGE_KINDS];

#define MESSAGE_FIELDS 11
/* The entry's fields, MESSAGE_FIELDS of them, borrowed from the message. */
void message_fill(const struct message *message, struct journald_field fields[MESSAGE_FIELDS]);

/* To the journal, where there is one. */
void message_send(const struct message *message);

/* What the end of a run with that result is; false: nothing worth an entry. */
bool message_of_result(enum result result, enum message_kind *ret);

#endif
