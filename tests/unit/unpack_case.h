/*
 * unpack_case.h - a staging directory, an archive being written, and release_unpack() between the
 * two: what every test of unpacking needs.
 */
#ifndef TEST_UNPACK_CASE_H
#define TEST_UNPACK_CASE_H

#include <stddef.h>

#include "release/unpack.h"
#include "support/scratch.h"
#include "support/tar_builder.h"

struct world {
	struct scratch scratch;
	char *staging;
	struct bytes tar;
	struct unpack_options options;
};

/* The real helper; the artifacts "bangerd" and "banger". */
struct world *world_make(void);
void world_free(struct world *world);

int open_program(const char *path);

/* The bytes as release_download() would hand them over. */
struct verified verified_make(const void *bytes, size_t length);

/* release_unpack(), after which no process may be left. */
int world_unpack(const struct world *world, const struct bytes *compressed,
		 struct staged_list *list, struct error *err);

/* Puts files behind what is in world->tar; the good ones are both artifacts. */
void add_text(struct world *world, const char *name, const char *text);
void add_good(struct world *world);

/* Unpacking fails with code and why in its sentence, staging is empty, nothing beside it has
 * changed. refuse() takes what is in world->tar by now, and empties it. */
void refuse_bytes(const struct world *world, const struct bytes *compressed, int code,
		  const char *why);
void refuse(struct world *world, int code, const char *why);

/* Unpacking gives both artifacts as add_good() writes them. */
void accept_bytes(struct world *world, const struct bytes *compressed);
void accept(struct world *world, const char *suffix, const char *level);

void expect_staged(const struct world *world, const struct staged *staged, const char *name,
		   const void *bytes, size_t length);

#endif
