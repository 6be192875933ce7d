CREATE TABLE trusts (
  id TEXT PRIMARY KEY, trustor_user_id TEXT NOT NULL, trustee_user_id TEXT NOT NULL, project_id TEXT, impersonation BIGINT NOT NULL,
  expires_at BIGINT NOT NULL, remaining_uses BIGINT NOT NULL, redelegation_count BIGINT NOT NULL, redelegated_trust_id TEXT);
CREATE INDEX trusts_by_trustor ON trusts (trustor_user_id);
CREATE INDEX trusts_by_trustee ON trusts (trustee_user_id);
CREATE INDEX trusts_by_project ON trusts (project_id);
CREATE INDEX trusts_by_redelegated ON trusts (redelegated_trust_id);
CREATE TABLE trust_roles (trust_id TEXT NOT NULL, role_id TEXT NOT NULL, PRIMARY KEY (trust_id, role_id));
CREATE INDEX trust_roles_by_role ON trust_roles (role_id);
ALTER TABLE users ADD COLUMN password_created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN password_expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN failed_logins BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN failed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX users_by_password_expiry ON users (password_expires_at);
CREATE TABLE password_history (user_id TEXT NOT NULL, created_at BIGINT NOT NULL, password TEXT NOT NULL, PRIMARY KEY (user_id, created_at));
ALTER TABLE revoked_tokens ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;
