CREATE TABLE oauth_request_tokens (
  id TEXT PRIMARY KEY, consumer_id TEXT NOT NULL, project_id TEXT NOT NULL, sealed BYTES NOT NULL, user_id TEXT, verifier BYTES,
  expires_at BIGINT NOT NULL);
CREATE INDEX oauth_request_tokens_by_consumer ON oauth_request_tokens (consumer_id);
CREATE INDEX oauth_request_tokens_by_project ON oauth_request_tokens (project_id);
CREATE INDEX oauth_request_tokens_by_user ON oauth_request_tokens (user_id);
CREATE INDEX oauth_request_tokens_by_expiry ON oauth_request_tokens (expires_at);
CREATE TABLE oauth_access_tokens (
  id TEXT PRIMARY KEY, consumer_id TEXT NOT NULL, user_id TEXT NOT NULL, project_id TEXT NOT NULL, sealed BYTES NOT NULL, expires_at BIGINT NOT NULL);
CREATE INDEX oauth_access_tokens_by_consumer ON oauth_access_tokens (consumer_id);
CREATE INDEX oauth_access_tokens_by_user ON oauth_access_tokens (user_id, id);
CREATE INDEX oauth_access_tokens_by_project ON oauth_access_tokens (project_id);
CREATE INDEX oauth_access_tokens_by_expiry ON oauth_access_tokens (expires_at);
CREATE TABLE oauth_token_roles (token_id TEXT NOT NULL, role_id TEXT NOT NULL, PRIMARY KEY (token_id, role_id));
CREATE INDEX oauth_token_roles_by_role ON oauth_token_roles (role_id);
CREATE TABLE oauth_nonces (id TEXT PRIMARY KEY, at BIGINT NOT NULL);
CREATE INDEX oauth_nonces_by_time ON oauth_nonces (at);
