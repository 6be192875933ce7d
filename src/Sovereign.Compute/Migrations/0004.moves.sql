ALTER TABLE compute_servers ADD COLUMN disk_generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE compute_servers ADD COLUMN disk_last BIGINT NOT NULL DEFAULT 0;
ALTER TABLE compute_servers ADD COLUMN before_resize TEXT;
ALTER TABLE compute_servers ADD COLUMN detaching TEXT NOT NULL DEFAULT '[]';
CREATE TABLE compute_server_groups (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL, policy TEXT NOT NULL, max_per_host BIGINT, created_at BIGINT NOT NULL);
CREATE INDEX compute_server_groups_by_project ON compute_server_groups (project_id, created_at, id);
CREATE TABLE compute_server_group_members (server_id TEXT PRIMARY KEY, group_id TEXT NOT NULL);
CREATE INDEX compute_server_group_members_by_group ON compute_server_group_members (group_id);
