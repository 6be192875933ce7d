CREATE TABLE volume_backups (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, volume_id TEXT NOT NULL, snapshot_id TEXT, parent_id TEXT, type_id TEXT NOT NULL,
  name TEXT, description TEXT, status TEXT NOT NULL, container TEXT NOT NULL, zone TEXT NOT NULL, size_gib BIGINT NOT NULL, metadata TEXT NOT NULL,
  fail_reason TEXT, volume_metadata TEXT NOT NULL, image_metadata TEXT, bootable BIGINT NOT NULL, sealed_key BYTES, node_id TEXT, point_id TEXT,
  content TEXT NOT NULL, bytes BIGINT NOT NULL, stored_bytes BIGINT NOT NULL, digest TEXT, deleting BIGINT NOT NULL, data_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX volume_backups_by_project ON volume_backups (project_id, created_at, id);
CREATE INDEX volume_backups_by_time ON volume_backups (created_at, id);
CREATE INDEX volume_backups_by_volume ON volume_backups (volume_id, data_at);
CREATE INDEX volume_backups_by_name ON volume_backups (project_id, name);
CREATE INDEX volume_backups_by_parent ON volume_backups (parent_id);
CREATE INDEX volume_backups_by_content ON volume_backups (content);
ALTER TABLE volumes ADD COLUMN backup_id TEXT;
