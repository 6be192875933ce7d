CREATE TABLE metering_labels (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, shared BIGINT NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX metering_labels_by_project ON metering_labels (project_id, id);
CREATE INDEX metering_labels_by_name ON metering_labels (name);
CREATE INDEX metering_labels_shared ON metering_labels (shared);
CREATE TABLE metering_label_rules (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, label_id TEXT NOT NULL, direction TEXT NOT NULL, excluded BIGINT NOT NULL, remote_prefix TEXT,
  source_prefix TEXT, destination_prefix TEXT, created_at BIGINT NOT NULL);
CREATE INDEX metering_label_rules_by_label ON metering_label_rules (label_id, id);
CREATE INDEX metering_label_rules_by_project ON metering_label_rules (project_id, id);
CREATE TABLE conntrack_helpers (
  id TEXT PRIMARY KEY, router_id TEXT NOT NULL, protocol TEXT NOT NULL, port BIGINT NOT NULL, helper TEXT NOT NULL,
  UNIQUE (router_id, protocol, port, helper));
