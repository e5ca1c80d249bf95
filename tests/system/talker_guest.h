/*
 * talker_guest.h - a guest that has a second service, talker, which its socket /run/talker starts.
 */
#ifndef SYSTEM_TALKER_GUEST_H
#define SYSTEM_TALKER_GUEST_H

#include "system/guest.h"

/* For guest_options.sections. */
#define TALKER_SECTIONS                                                                            \
	"[artifact talker]\ninstall = /usr/local/bin/talker\n"                                     \
	"[service talker.service]\nbinary = talker\n"
#define TALKER_SOCKET "/run/talker"

/* Before the guest is booted: 0.1.0 and its units. */
void talker_install(struct guest *guest);

/* guest_publish() of a release that has a talker, too; three migrations. */
void talker_publish(struct guest *guest, const char *version, const char *behaviour);

#endif
