ALTER TABLE nodes ADD COLUMN fenced_at BIGINT NOT NULL DEFAULT 0;
CREATE TABLE node_members (
  id TEXT PRIMARY KEY, host_name TEXT NOT NULL UNIQUE, certificate TEXT NOT NULL, next_certificate TEXT NOT NULL, ends_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL);
CREATE TABLE node_tokens (
  hash TEXT PRIMARY KEY, created_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, used_by TEXT NOT NULL, node_id TEXT NOT NULL);
CREATE TABLE node_carries (id TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, bytes BIGINT NOT NULL, PRIMARY KEY (id, name));
CREATE INDEX node_tokens_by_end ON node_tokens (ends_at);
