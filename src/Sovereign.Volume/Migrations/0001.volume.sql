CREATE TABLE volume_types (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT, is_public BIGINT NOT NULL, extra_specs TEXT NOT NULL, qos_id TEXT, encryption_id TEXT,
  provider TEXT, cipher TEXT, key_size BIGINT, control_location TEXT, encryption_at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX volume_types_by_time ON volume_types (created_at, id);
CREATE INDEX volume_types_by_qos ON volume_types (qos_id);
CREATE TABLE volume_type_access (type_id TEXT NOT NULL, project_id TEXT NOT NULL, PRIMARY KEY (type_id, project_id));
CREATE TABLE volume_qos (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, consumer TEXT NOT NULL, specs TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE volumes (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT, description TEXT, status TEXT NOT NULL, previous_status TEXT,
  size_gib BIGINT NOT NULL, wanted_gib BIGINT NOT NULL, zone TEXT NOT NULL, type_id TEXT NOT NULL, snapshot_id TEXT, source_volume_id TEXT, source TEXT,
  generation BIGINT NOT NULL, sealed_key BYTES, bootable BIGINT NOT NULL, read_only BIGINT NOT NULL, multiattach BIGINT NOT NULL, metadata TEXT NOT NULL,
  image_metadata TEXT, node_id TEXT, backend TEXT, wanted_node TEXT, deleting BIGINT NOT NULL, message TEXT, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, launched_at BIGINT NOT NULL);
CREATE INDEX volumes_by_project ON volumes (project_id, created_at, id);
CREATE INDEX volumes_by_time ON volumes (created_at, id);
CREATE INDEX volumes_by_name ON volumes (project_id, name);
CREATE INDEX volumes_by_status ON volumes (project_id, status, created_at, id);
CREATE INDEX volumes_by_place ON volumes (node_id, backend);
CREATE INDEX volumes_by_type ON volumes (type_id);
CREATE INDEX volumes_by_snapshot ON volumes (snapshot_id);
CREATE INDEX volumes_by_source ON volumes (source_volume_id);
CREATE TABLE volume_snapshots (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, volume_id TEXT NOT NULL, type_id TEXT NOT NULL, name TEXT, description TEXT,
  status TEXT NOT NULL, size_gib BIGINT NOT NULL, metadata TEXT NOT NULL, progress TEXT NOT NULL, node_id TEXT, quiesced BIGINT NOT NULL, deleting BIGINT NOT NULL,
  message TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX volume_snapshots_by_project ON volume_snapshots (project_id, created_at, id);
CREATE INDEX volume_snapshots_by_time ON volume_snapshots (created_at, id);
CREATE INDEX volume_snapshots_by_volume ON volume_snapshots (volume_id);
CREATE INDEX volume_snapshots_by_name ON volume_snapshots (project_id, name);
CREATE TABLE volume_attachments (
  id TEXT PRIMARY KEY, volume_id TEXT NOT NULL, project_id TEXT NOT NULL, user_id TEXT NOT NULL, server_id TEXT, host_name TEXT, device TEXT, mode TEXT NOT NULL,
  status TEXT NOT NULL, connector TEXT, node_id TEXT, created_at BIGINT NOT NULL, attached_at BIGINT NOT NULL);
CREATE INDEX volume_attachments_by_volume ON volume_attachments (volume_id, created_at);
CREATE INDEX volume_attachments_by_server ON volume_attachments (server_id);
CREATE INDEX volume_attachments_by_project ON volume_attachments (project_id, created_at, id);
CREATE TABLE volume_services (binary_name TEXT NOT NULL, host TEXT NOT NULL, disabled BIGINT NOT NULL, reason TEXT, PRIMARY KEY (binary_name, host));
CREATE TABLE volume_messages (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, request_id TEXT NOT NULL, resource_type TEXT NOT NULL, resource_id TEXT NOT NULL, event_id TEXT NOT NULL,
  text TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
CREATE INDEX volume_messages_by_project ON volume_messages (project_id, created_at, id);
CREATE INDEX volume_messages_by_end ON volume_messages (expires_at);
