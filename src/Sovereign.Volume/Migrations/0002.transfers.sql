CREATE TABLE volume_transfers (
  id TEXT PRIMARY KEY, volume_id TEXT NOT NULL, project_id TEXT NOT NULL, name TEXT, secret_hash BYTES NOT NULL, no_snapshots BIGINT NOT NULL,
  destination_project_id TEXT, accepted BIGINT NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX volume_transfers_by_project ON volume_transfers (project_id, created_at, id);
CREATE INDEX volume_transfers_by_volume ON volume_transfers (volume_id);
CREATE TABLE volume_uploads (image_id TEXT PRIMARY KEY, volume_id TEXT NOT NULL, node_id TEXT NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX volume_uploads_by_volume ON volume_uploads (volume_id);
