CREATE TABLE volume_group_types (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT, is_public BIGINT NOT NULL, specs TEXT NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL);
CREATE INDEX volume_group_types_by_time ON volume_group_types (created_at, id);
CREATE TABLE volume_groups (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT, description TEXT, status TEXT NOT NULL, type_id TEXT NOT NULL, zone TEXT NOT NULL,
  volume_types TEXT NOT NULL, group_snapshot_id TEXT, source_group_id TEXT, deleting BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX volume_groups_by_project ON volume_groups (project_id, created_at, id);
CREATE INDEX volume_groups_by_time ON volume_groups (created_at, id);
CREATE INDEX volume_groups_by_type ON volume_groups (type_id);
CREATE TABLE volume_group_snapshots (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, group_id TEXT NOT NULL, type_id TEXT NOT NULL, name TEXT, description TEXT,
  status TEXT NOT NULL, deleting BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX volume_group_snapshots_by_project ON volume_group_snapshots (project_id, created_at, id);
CREATE INDEX volume_group_snapshots_by_time ON volume_group_snapshots (created_at, id);
CREATE INDEX volume_group_snapshots_by_group ON volume_group_snapshots (group_id);
ALTER TABLE volumes ADD COLUMN group_id TEXT;
CREATE INDEX volumes_by_group ON volumes (group_id);
ALTER TABLE volume_snapshots ADD COLUMN group_snapshot_id TEXT;
CREATE INDEX volume_snapshots_by_group_snapshot ON volume_snapshots (group_snapshot_id);
