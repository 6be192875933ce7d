-- What the root disk stands on when it is not the server's image; what it is mended from; what it sleeps in while it is shelved.
ALTER TABLE compute_servers ADD COLUMN root_image TEXT;
ALTER TABLE compute_servers ADD COLUMN rescue TEXT;
ALTER TABLE compute_servers ADD COLUMN shelved_image TEXT;
CREATE TABLE compute_snapshots (
  image_id TEXT PRIMARY KEY, server_id TEXT NOT NULL, node_id TEXT NOT NULL, kind TEXT NOT NULL, backup_type TEXT, rotation BIGINT NOT NULL,
  created_at BIGINT NOT NULL);
CREATE UNIQUE INDEX compute_snapshots_by_server ON compute_snapshots (server_id);
CREATE TABLE compute_migrations (
  number BIGINT PRIMARY KEY, id TEXT NOT NULL, server_id TEXT NOT NULL, project_id TEXT NOT NULL, user_id TEXT NOT NULL, host_name TEXT NOT NULL,
  status TEXT NOT NULL, old_flavor_id TEXT NOT NULL, new_flavor_id TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE UNIQUE INDEX compute_migrations_by_id ON compute_migrations (id);
CREATE INDEX compute_migrations_by_server ON compute_migrations (server_id, number);
CREATE INDEX compute_migrations_by_change ON compute_migrations (updated_at);
