CREATE TABLE nodes (
  id TEXT PRIMARY KEY, host_name TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, version BIGINT NOT NULL, seen_at BIGINT NOT NULL, created_at BIGINT NOT NULL);
CREATE TABLE manifest_items (
  node_id TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, wanted BIGINT NOT NULL, digest TEXT NOT NULL, sealed BYTES NOT NULL,
  observed_version BIGINT NOT NULL, state TEXT NOT NULL, message TEXT, reboot_count BIGINT NOT NULL, PRIMARY KEY (node_id, kind, id));
CREATE INDEX manifest_items_by_version ON manifest_items (node_id, version);
CREATE INDEX manifest_items_by_item ON manifest_items (kind, id);
