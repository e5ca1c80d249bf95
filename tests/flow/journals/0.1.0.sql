-- The journal as 0.1.0 makes it. Frozen: every later updater has to read it and recover from it.
-- A change of the journal gets a file of its own beside this one, never an edit of it.
PRAGMA journal_mode = WAL;
CREATE TABLE schema_migrations (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	applied_at TEXT NOT NULL
);
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value INTEGER NOT NULL
);
INSERT INTO meta VALUES ('min_reader', 1);
CREATE TABLE run (
	number INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	product TEXT NOT NULL,
	command TEXT NOT NULL,
	from_version TEXT,
	to_version TEXT,
	started_at TEXT NOT NULL,
	ended_at TEXT,
	result TEXT,
	detail TEXT,
	committed_at TEXT
);
CREATE TABLE event (
	run TEXT NOT NULL REFERENCES run (id),
	seq INTEGER NOT NULL,
	at TEXT NOT NULL,
	phase TEXT NOT NULL,
	state TEXT NOT NULL,
	detail TEXT,
	PRIMARY KEY (run, seq)
);
CREATE TABLE installed (
	path TEXT PRIMARY KEY,
	product TEXT NOT NULL,
	version TEXT NOT NULL,
	run TEXT NOT NULL REFERENCES run (id),
	digest BLOB NOT NULL,
	device INTEGER NOT NULL,
	inode INTEGER NOT NULL,
	size INTEGER NOT NULL,
	mtime_ns INTEGER NOT NULL,
	ctime_ns INTEGER NOT NULL
);
CREATE TABLE plan (
	run TEXT PRIMARY KEY REFERENCES run (id),
	root TEXT NOT NULL,
	manager TEXT NOT NULL,
	staging TEXT,
	boot TEXT,
	keep_snapshots INTEGER NOT NULL,
	health_command TEXT,
	health_interval_ms INTEGER NOT NULL,
	health_timeout_ms INTEGER NOT NULL,
	health_settle_ms INTEGER NOT NULL,
	baseline_healthy INTEGER NOT NULL,
	baseline_complete INTEGER NOT NULL,
	baseline_failed TEXT,
	baseline_text TEXT
);
CREATE TABLE plan_artifact (
	run TEXT NOT NULL REFERENCES plan (run),
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	install TEXT NOT NULL,
	existed INTEGER NOT NULL,
	old_digest BLOB,
	old_inode INTEGER NOT NULL,
	old_mode INTEGER NOT NULL,
	old_uid INTEGER NOT NULL,
	old_gid INTEGER NOT NULL,
	backup_inode INTEGER NOT NULL,
	new_digest BLOB,
	PRIMARY KEY (run, position)
);
CREATE TABLE plan_service (
	run TEXT NOT NULL REFERENCES plan (run),
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	binary TEXT,
	ready_timeout_ms INTEGER NOT NULL,
	stop_timeout_ms INTEGER NOT NULL,
	keeps_children INTEGER NOT NULL,
	start TEXT,
	stop TEXT,
	status TEXT,
	pid_file TEXT,
	pid INTEGER NOT NULL,
	start_time INTEGER NOT NULL,
	PRIMARY KEY (run, position)
);
CREATE TABLE plan_database (
	run TEXT NOT NULL REFERENCES plan (run),
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	path TEXT NOT NULL,
	user TEXT,
	missing_ok INTEGER NOT NULL,
	record TEXT NOT NULL,
	on_rollback TEXT NOT NULL,
	existed INTEGER,
	fingerprint TEXT,
	snapshot TEXT,
	PRIMARY KEY (run, position)
);
CREATE TABLE fact (
	run TEXT NOT NULL REFERENCES run (id),
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run, key)
);
CREATE TABLE finding (
	run TEXT NOT NULL REFERENCES run (id),
	seq INTEGER NOT NULL,
	plugin TEXT NOT NULL,
	verdict TEXT NOT NULL,
	code TEXT,
	text TEXT,
	remedy TEXT,
	PRIMARY KEY (run, seq)
);
CREATE TABLE bad (
	version TEXT PRIMARY KEY,
	at TEXT NOT NULL,
	run TEXT,
	reason TEXT NOT NULL
);
