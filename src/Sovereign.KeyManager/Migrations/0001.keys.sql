CREATE TABLE key_secrets (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, creator_id TEXT NOT NULL, name TEXT, secret_type TEXT NOT NULL, algorithm TEXT, bit_length BIGINT, mode TEXT,
  content_type TEXT, sealed BYTES, expires_at BIGINT, metadata TEXT NOT NULL, kept_for TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX key_secrets_by_project ON key_secrets (project_id, created_at, id);
CREATE INDEX key_secrets_by_name ON key_secrets (project_id, name);
CREATE TABLE key_containers (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, creator_id TEXT NOT NULL, name TEXT, type TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX key_containers_by_project ON key_containers (project_id, created_at, id);
CREATE TABLE key_container_secrets (
  container_id TEXT NOT NULL, secret_id TEXT NOT NULL, name TEXT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (container_id, secret_id, name));
CREATE INDEX key_container_secrets_by_secret ON key_container_secrets (secret_id);
CREATE TABLE key_consumers (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, target_id TEXT NOT NULL, project_id TEXT NOT NULL, service TEXT NOT NULL, resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (kind, target_id, service, resource_type, resource_id));
CREATE INDEX key_consumers_by_project ON key_consumers (project_id);
CREATE TABLE key_orders (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, creator_id TEXT NOT NULL, type TEXT NOT NULL, meta TEXT NOT NULL, passphrase BYTES, status TEXT NOT NULL,
  secret_id TEXT, container_id TEXT, error_status_code TEXT, error_reason TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX key_orders_by_project ON key_orders (project_id, created_at, id);
CREATE TABLE key_acls (
  kind TEXT NOT NULL, target_id TEXT NOT NULL, project_access BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (kind, target_id));
CREATE TABLE key_acl_users (kind TEXT NOT NULL, target_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (kind, target_id, user_id));
CREATE INDEX key_acl_users_by_user ON key_acl_users (user_id);
CREATE TABLE key_preferred_stores (project_id TEXT PRIMARY KEY, store_id TEXT NOT NULL);
