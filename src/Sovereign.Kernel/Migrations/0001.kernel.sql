CREATE TABLE journal_head (id BIGINT PRIMARY KEY, incarnation TEXT NOT NULL, sequence BIGINT NOT NULL, hash BYTES NOT NULL);
CREATE TABLE journal (
  sequence BIGINT PRIMARY KEY, incarnation TEXT NOT NULL, time BIGINT NOT NULL, request_id TEXT NOT NULL, actor_id TEXT NOT NULL, owner TEXT,
  kind TEXT NOT NULL, resource_id TEXT NOT NULL, change BIGINT NOT NULL, salt BYTES NOT NULL, digest BYTES NOT NULL, hash BYTES NOT NULL);
CREATE INDEX journal_by_resource ON journal (kind, resource_id, sequence);
CREATE TABLE journal_documents (sequence BIGINT PRIMARY KEY, owner TEXT NOT NULL, form BIGINT NOT NULL, sealed BYTES NOT NULL);
CREATE TABLE tombstones (
  kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, deleted_at BIGINT NOT NULL, sealed BYTES NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX tombstones_by_time ON tombstones (kind, deleted_at);
CREATE TABLE project_keys (owner TEXT PRIMARY KEY, wrapped BYTES NOT NULL);
CREATE TABLE due (
  kind TEXT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL, attempts BIGINT NOT NULL, generation BIGINT NOT NULL, lease_until BIGINT NOT NULL,
  PRIMARY KEY (kind, id));
CREATE INDEX due_by_time ON due (at);
CREATE TABLE quota_usage (
  project_id TEXT NOT NULL, service TEXT NOT NULL, name TEXT NOT NULL, used BIGINT NOT NULL, PRIMARY KEY (project_id, service, name));
CREATE TABLE quota_limits (
  project_id TEXT NOT NULL, service TEXT NOT NULL, name TEXT NOT NULL, hard_limit BIGINT NOT NULL, PRIMARY KEY (project_id, service, name));
CREATE TABLE cloud (name TEXT PRIMARY KEY, value TEXT NOT NULL);
