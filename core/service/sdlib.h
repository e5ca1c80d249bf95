/*
 * sdlib.h - libsystemd, opened when it is needed: a host without systemd needs none of it.
 */
#ifndef SERVICE_SDLIB_H
#define SERVICE_SDLIB_H

#include <systemd/sd-bus.h>
#include <systemd/sd-journal.h>

#include "base/error.h"

/* What is used of it: all of it is in systemd 246 and newer. */
#define SDLIB_FUNCTIONS(FUNCTION)                                                                  \
	FUNCTION(sd_bus_new)                                                                       \
	FUNCTION(sd_bus_set_address)                                                               \
	FUNCTION(sd_bus_start)                                                                     \
	FUNCTION(sd_bus_open_system)                                                               \
	FUNCTION(sd_bus_close_unref)                                                               \
	FUNCTION(sd_bus_get_fd)                                                                    \
	FUNCTION(sd_bus_get_events)                                                                \
	FUNCTION(sd_bus_process)                                                                   \
	FUNCTION(sd_bus_call)                                                                      \
	FUNCTION(sd_bus_match_signal)                                                              \
	FUNCTION(sd_bus_error_free)                                                                \
	FUNCTION(sd_bus_error_has_name)                                                            \
	FUNCTION(sd_bus_message_new_method_call)                                                   \
	FUNCTION(sd_bus_message_unref)                                                             \
	FUNCTION(sd_bus_message_appendv)                                                           \
	FUNCTION(sd_bus_message_append)                                                            \
	FUNCTION(sd_bus_message_open_container)                                                    \
	FUNCTION(sd_bus_message_close_container)                                                   \
	FUNCTION(sd_bus_message_read)                                                              \
	FUNCTION(sd_bus_message_read_array)                                                        \
	FUNCTION(sd_bus_message_skip)                                                              \
	FUNCTION(sd_bus_message_peek_type)                                                         \
	FUNCTION(sd_bus_message_enter_container)                                                   \
	FUNCTION(sd_bus_message_exit_container)                                                    \
	FUNCTION(sd_journal_open)                                                                  \
	FUNCTION(sd_journal_close)                                                                 \
	FUNCTION(sd_journal_add_match)                                                             \
	FUNCTION(sd_journal_add_disjunction)                                                       \
	FUNCTION(sd_journal_seek_tail)                                                             \
	FUNCTION(sd_journal_previous)                                                              \
	FUNCTION(sd_journal_get_data)                                                              \
	FUNCTION(sd_journal_set_data_threshold)

struct sdlib {
#define SDLIB_MEMBER(name) __typeof__(name) *(name);
	SDLIB_FUNCTIONS(SDLIB_MEMBER)
#undef SDLIB_MEMBER
};

/* Loaded once a process, never unloaded. -ENOENT: there is none; -ELIBBAD: it is too old. */
MUST_CHECK int sdlib_load(const struct sdlib **ret, struct error *err);

#endif
