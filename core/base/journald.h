/*
 * journald.h - structured entries for systemd's journal, without libsystemd: its native protocol is
 * one datagram (systemd, "Native Journal Protocol").
 *
 * An entry is a courtesy to whoever reads the journal: where there is no journald nothing happens,
 * and one that does not take it within a second goes without. What is said to a person or another
 * program is said elsewhere, too.
 */
#ifndef BASE_JOURNALD_H
#define BASE_JOURNALD_H

#include <stddef.h>

#define JOURNALD_SOCKET "/run/systemd/journal/socket"

struct journald_field {
	const char *name;  /* A-Z, 0-9 and '_', not first */
	const char *value; /* any text; NULL or "": the field is left out */
};

/* One entry of these fields; "MESSAGE" is the sentence. One that is too long for
 * LIMIT_JOURNALD_ENTRY is cut off where it ends. */
void journald_send(const struct journald_field *fields, size_t count);

/* The same to a socket elsewhere. */
void journald_send_to(const char *socket_path, const struct journald_field *fields, size_t count);

#endif
