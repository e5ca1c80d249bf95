/*
 * schema.h - how a database's applied migrations relate to the ones a release knows.
 *
 * Only looks: never creates, migrates or writes, leaves no file behind, and answers for a WAL
 * database with and without its -shm, in a directory it may not write. The calling process must not
 * have the same database open: POSIX locks end when any descriptor of the file is closed.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "base/error.h"
#include "base/text.h"

enum schema_class {
	SCHEMA_COMPATIBLE,   /* every known one is applied, every applied one is known */
	SCHEMA_NEEDED,       /* some known ones are pending; the release applies them */
	SCHEMA_INCOMPATIBLE, /* some applied ones are unknown, whatever else */
};

struct schema_state {
	enum schema_class class;
	struct ids applied; /* ascending, as are the others */
	struct ids pending;
	struct ids unknown;
	int64_t known_max; /* 0 when nothing is known */
};
#define auto_schema __attribute__((cleanup(schema_state_finish)))

void schema_state_finish(struct schema_state *state);

/* The table a plain runner keeps. */
#define SCHEMA_RECORD "schema_migrations"

/*
 * Reads the column id of table record in the database at path and compares it with known. A
 * missing table means that all are pending. A missing, unreadable, locked, corrupt or oddly
 * shaped file is an error with its cause, never a class: -ENOENT, -EACCES, -EBUSY, -EUCLEAN,
 * -EINVAL (the record has not the shape of a record), -ENOTRECOVERABLE (a hot journal: somebody
 * must recover the database first), -E2BIG.
 */
MUST_CHECK int schema_inspect(const char *path, const char *record, const struct ids *known,
			      struct schema_state *ret, struct error *err);

/* The comparison alone. 0 or -ENOMEM. */
MUST_CHECK int schema_classify(const struct ids *applied, const struct ids *known,
			       struct schema_state *ret);

#endif
