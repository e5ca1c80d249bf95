/*
 * talker_guest.c - talker_guest.h.
 */
#include "system/talker_guest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "flow/world_parts.h"
#include "samples/label.h"

#define TALKER BANGER_BUILD_DIR "/tests/system/talker"

static void label_talker(const char *version, const char *to)
{
	struct label label = {.behaviour = "healthy"};
	struct error err;

	(void)snprintf(label.version, sizeof(label.version), "%s", version);
	cr_assert_eq(label_write(TALKER, to, &label, &err), 0, "%s", err.text);
}

void talker_install(struct guest *guest)
{
	char *path = path_join(guest->world.bin, "talker");

	label_talker("0.1.0", path);
	machine_unit(&guest->machine, "talker.socket", "sockets.target",
		     "[Socket]\nListenStream=" TALKER_SOCKET "\n");
	machine_unit(&guest->machine, "talker.service", NULL,
		     "[Service]\nType=notify\nExecStart=/usr/local/bin/talker\n");
	free(path);
}

void talker_publish(struct guest *guest, const char *version, const char *behaviour)
{
	char *path = path_join(guest->world.releases, "talker");

	label_talker(version, path);
	guest_publish_more(guest, &(struct world_release){
					  .version = version,
					  .migrations = 3,
					  .behaviour = behaviour,
					  .more = {.name = "talker", .path = path},
				  });
	free(path);
}
