/*
 * host.c - host.h: what the plain data owns, given back.
 */
#include "model/host.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void host_finish(struct host *host)
{
	for (size_t i = 0; i < host->artifact_count; i++) {
		artifact_finish(&host->artifacts[i]);
	}
	for (size_t i = 0; i < host->service_count; i++) {
		service_finish(&host->services[i]);
	}
	for (size_t i = 0; i < host->database_count; i++) {
		database_finish(&host->databases[i]);
	}
	free(host->artifacts);
	free(host->services);
	free(host->databases);
	free(host->root);
	command_finish(&host->health.command);
	*host = (struct host){0};
}

void artifact_finish(struct artifact *artifact)
{
	free(artifact->name);
	free(artifact->install);
	free(artifact->owner);
	free(artifact->group);
	*artifact = (struct artifact){0};
}

void service_finish(struct service *service)
{
	free(service->name);
	free(service->binary);
	free(service->pid_file);
	command_finish(&service->start);
	command_finish(&service->stop);
	command_finish(&service->status);
	*service = (struct service){0};
}

void database_finish(struct database *database)
{
	free(database->name);
	free(database->path);
	free(database->user);
	free(database->record);
	*database = (struct database){0};
}

bool host_is_unit_file(const char *path)
{
	static const char *const directories[] = {"/systemd/system/", "/systemd/user/"};
	static const char *const suffixes[] = {
		".service", ".socket", ".target", ".timer",     ".path", ".mount",
		".slice",   ".scope",  ".swap",   ".automount", ".conf",
	};
	bool is_inside = false;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		is_inside = is_inside || strstr(path, directories[i]) != NULL;
	}
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (is_inside && text_has_suffix(path, suffixes[i])) {
			return true;
		}
	}
	return false;
}
