CREATE TABLE qos_policies (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, is_default BIGINT NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE INDEX qos_policies_by_project ON qos_policies (project_id, id);
CREATE INDEX qos_policies_by_name ON qos_policies (name);
CREATE UNIQUE INDEX qos_policies_default ON qos_policies (project_id) WHERE is_default = 1;
CREATE TABLE bandwidth_limits (
  id TEXT PRIMARY KEY, policy_id TEXT NOT NULL, direction TEXT NOT NULL, max_kbps BIGINT NOT NULL, max_burst_kbps BIGINT NOT NULL,
  UNIQUE (policy_id, direction));
