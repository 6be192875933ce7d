CREATE TABLE network_logs (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, resource_type TEXT NOT NULL, resource_id TEXT,
  target_id TEXT, event TEXT NOT NULL, enabled BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE INDEX network_logs_by_project ON network_logs (project_id, id);
CREATE INDEX network_logs_by_name ON network_logs (name);
CREATE INDEX network_logs_by_resource ON network_logs (resource_id);
CREATE INDEX network_logs_by_target ON network_logs (target_id);
