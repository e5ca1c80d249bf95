/*
 * guard.h - scope guards: a local that cleans up after itself.
 *
 * Every guard accepts the empty value (NULL, -1) and keeps errno. An output is written last, by
 * taking the value out of its guard: *ret = take_fd(&fd).
 */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void guard_free(void *address)
{
	void **pointer = address;
	int saved = errno;

	free(*pointer);
	*pointer = NULL;
	errno = saved;
}

static inline void guard_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		(void)close(*fd);
		*fd = -1;
		errno = saved;
	}
}

static inline void guard_closedir(DIR **directory)
{
	if (*directory != NULL) {
		int saved = errno;

		(void)closedir(*directory);
		*directory = NULL;
		errno = saved;
	}
}

#define auto_free      __attribute__((cleanup(guard_free)))
#define auto_close     __attribute__((cleanup(guard_close)))
#define auto_directory __attribute__((cleanup(guard_closedir)))

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *take_pointer(void *address)
{
	void **pointer = address;
	void *taken = *pointer;

	*pointer = NULL;
	return taken;
}

#endif
