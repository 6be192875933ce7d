CREATE TABLE volumes_unmanaged (
  id TEXT PRIMARY KEY, node_id TEXT NOT NULL, backend TEXT NOT NULL, size_gib BIGINT NOT NULL, managed_by TEXT, bootable BIGINT NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX volumes_unmanaged_by_place ON volumes_unmanaged (node_id, backend);
CREATE INDEX volumes_unmanaged_by_manager ON volumes_unmanaged (managed_by);
CREATE TABLE volume_snapshots_unmanaged (
  id TEXT PRIMARY KEY, volume_id TEXT NOT NULL, node_id TEXT NOT NULL, size_gib BIGINT NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX volume_snapshots_unmanaged_by_volume ON volume_snapshots_unmanaged (volume_id);
ALTER TABLE volume_snapshots ADD COLUMN point_id TEXT;
CREATE INDEX volume_snapshots_by_point ON volume_snapshots (point_id);
