/*
 * main.c - bangerd, the product's own release.
 */
#include "daemon/daemon.h"
#include "daemon/migrations.h"

int main(int argc, char **argv)
{
	const struct daemon_release release = {
		.version = BANGER_VERSION,
		.migrations = banger_migrations,
	};

	return bangerd_main(argc, argv, &release);
}
