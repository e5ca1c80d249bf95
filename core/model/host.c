/*
 * host.c - host.h: what the plain data owns, given back.
 */
#include "model/host.h"

#include <stdlib.h>

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
