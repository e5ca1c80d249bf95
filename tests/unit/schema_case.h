/*
 * schema_case.h - one database in a directory of its own, and what schema_inspect() must say of it.
 */
#ifndef UNIT_SCHEMA_CASE_H
#define UNIT_SCHEMA_CASE_H

#include "database_fixture.h"
#include "store/schema.h"
#include "support/scratch.h"

#define WAL "PRAGMA journal_mode=WAL; "

extern struct scratch scratch;
extern char *path; /* SCRATCH/state.db */
extern struct error error;

/* A release that knows 1, 2 and 3. */
extern const struct ids schema_case_known;

void schema_case_begin(void);
void schema_case_end(void);

int schema_case_inspect(const char *database, struct schema_state *ret);
void expect_class_at(const char *database, enum schema_class class);
void expect_class(enum schema_class class);

/* As expect_class(), and nothing in the directory was touched. */
void expect_untouched(enum schema_class class);

/* An error with code and word, and nothing in the directory was touched. */
void expect_error(int code, const char *word);

#endif
