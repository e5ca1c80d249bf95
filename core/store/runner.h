/*
 * runner.h - applies migrations to an open database and keeps their record.
 */
#ifndef STORE_RUNNER_H
#define STORE_RUNNER_H

#include "store/store.h"

/* -EINVAL names an id that is there twice or is not positive. */
MUST_CHECK int runner_check(const struct migrations *migrations, struct error *err);

/* -ENOTUNIQ names what is applied in db and not among migrations. Only reads. */
MUST_CHECK int runner_refuse_unknown(sqlite3 *db, const struct migrations *migrations,
				     struct error *err);

/* Applies what is pending in order of id, each in a transaction of its own. Another process that
 * does the same at the same time is waited for. */
MUST_CHECK int runner_apply(sqlite3 *db, const struct migrations *migrations,
			    const struct clock *clock, struct error *err);

#endif
