/*
 * main.c - banger, the product's own release.
 */
#include "cli/banger.h"
#include "daemon/migrations.h"

int main(int argc, char **argv)
{
	const struct daemon_release release = {
		.version = BANGER_VERSION,
		.migrations = banger_migrations,
	};

	return banger_main(argc, argv, &release);
}
