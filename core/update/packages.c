/*
 * packages.c - files of the host's package manager are its to replace: a refusal that names the
 * manager's own command, unless somebody waives it.
 */
#include "install/packages.h"

#include <errno.h>
#include <string.h>

#include "base/guard.h"
#include "update/update.h"

int update_check_packages(struct update *update, struct error *err)
{
	auto_package_owner struct package_owner owner = {0};
	const struct host *host = update->plan.host;
	const struct packages_options options = {
		.root = host->root,
		.interrupts = update->interrupts,
	};

	if (options_waive(update->options, "packages")) {
		return 0;
	}
	int rc = packages_find_owner(host->artifacts, host->artifact_count, &options, &owner, err);

	if (rc < 0) {
		/* The sentence ends with what a manager said. */
		return rc == -EINTR ? rc : error_prefix(err, "mend that, or pass --waive packages");
	}
	if (owner.path == NULL) {
		return 0;
	}
	update->result = RESULT_REFUSED;
	return error_set(err, -EPERM,
			 "%s belongs to the package %s, whose manager would put its own file back "
			 "there: update it with `%s`, or pass --waive packages to replace the file "
			 "all the same",
			 owner.path, owner.package, owner.command);
}
