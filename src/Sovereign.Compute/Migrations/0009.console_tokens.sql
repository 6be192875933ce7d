-- Permissions to open a console once; the token itself is known to its user alone.
CREATE TABLE compute_console_tokens (
  hash TEXT PRIMARY KEY, id TEXT NOT NULL, server_id TEXT NOT NULL, project_id TEXT NOT NULL, user_id TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL,
  expires_at BIGINT NOT NULL);
CREATE INDEX compute_console_tokens_by_expiry ON compute_console_tokens (expires_at);
