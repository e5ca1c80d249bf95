/*
 * migrations.c - the ordered history of banger's schema.
 *
 * Append at the bottom with the next id. Never edit or reorder what is there: installed databases
 * go by the id.
 */
#include "daemon/migrations.h"

/* The first whole schema. */
static int baseline(sqlite3 *db, struct error *err)
{
	static const char images[] = "CREATE TABLE IF NOT EXISTS images ("
				     " id TEXT PRIMARY KEY,"
				     " name TEXT NOT NULL UNIQUE,"
				     " managed INTEGER NOT NULL DEFAULT 0,"
				     " artifact_dir TEXT,"
				     " rootfs_path TEXT NOT NULL,"
				     " work_seed_path TEXT,"
				     " kernel_path TEXT NOT NULL,"
				     " initrd_path TEXT,"
				     " modules_dir TEXT,"
				     " build_size TEXT,"
				     " seeded_ssh_public_key_fingerprint TEXT,"
				     " docker INTEGER NOT NULL DEFAULT 0,"
				     " created_at TEXT NOT NULL,"
				     " updated_at TEXT NOT NULL"
				     ")";
	static const char vms[] = "CREATE TABLE IF NOT EXISTS vms ("
				  " id TEXT PRIMARY KEY,"
				  " name TEXT NOT NULL UNIQUE,"
				  " image_id TEXT NOT NULL,"
				  " guest_ip TEXT NOT NULL UNIQUE,"
				  " state TEXT NOT NULL,"
				  " created_at TEXT NOT NULL,"
				  " updated_at TEXT NOT NULL,"
				  " last_touched_at TEXT NOT NULL,"
				  " spec_json TEXT NOT NULL,"
				  " runtime_json TEXT NOT NULL,"
				  " stats_json TEXT NOT NULL DEFAULT '{}',"
				  " FOREIGN KEY(image_id) REFERENCES images(id) ON DELETE RESTRICT"
				  ")";
	int r = store_execute(db, images, "cannot create images", err);

	return r < 0 ? r : store_execute(db, vms, "cannot create vms", err);
}

/* A column that never had an effect; its values are dropped. */
static int drop_images_docker(sqlite3 *db, struct error *err)
{
	return store_execute(db, "ALTER TABLE images DROP COLUMN docker",
			     "cannot drop images.docker", err);
}

/* What was last prepared in a VM's workspace; '{}' before anything was. */
static int add_vm_workspace(sqlite3 *db, struct error *err)
{
	return store_execute(db,
			     "ALTER TABLE vms ADD COLUMN workspace_json TEXT NOT NULL DEFAULT '{}'",
			     "cannot add vms.workspace_json", err);
}

static const struct migration items[] = {
	{1, "baseline", baseline},
	{2, "drop_images_docker", drop_images_docker},
	{3, "add_vm_workspace", add_vm_workspace},
};

const struct migrations banger_migrations = {
	.items = items,
	.count = sizeof(items) / sizeof(items[0]),
};
