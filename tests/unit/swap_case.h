/*
 * swap_case.h - an installed file, perhaps with a backup, and a staged one to replace it.
 */
#ifndef UNIT_SWAP_CASE_H
#define UNIT_SWAP_CASE_H

#include "install/swap.h"
#include "support/scratch.h"

#define OLD     "the old release"
#define NEW     "the new and longer release"
#define EARLIER "the release before the old one"

extern struct scratch scratch;
extern struct error err;
extern char *bin;
extern struct artifact artifact;
extern struct staged staged;

void stage_at(const char *path, const char *content);
void stage(const char *content);
void set_up(void);
void tear_down(void);
char *beside(const char *suffix);
void install_old(void);
void install_earlier(void);
struct swap_plan plan(void);
void forward(const struct swap_plan *made);
void back(const struct swap_plan *made);
char *listing(void);
void expect_content(const char *path, const char *content);
/* Runs what as an ordinary user in a child; its result, negated. */
int as_nobody(int (*what)(void));

#endif
